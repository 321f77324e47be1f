package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Socks.SocksPasswords;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Golden bytes of RFC 1928 and RFC 1929, and of the older versions 4 and 4a.
class SocksTest {

    private final ByteArrayOutputStream answers = new ByteArrayOutputStream();
    private ByteArrayInputStream rest;

    private ForwardTarget request(String hex, SocksPasswords passwords) throws IOException {
        rest = new ByteArrayInputStream(HexFormat.of().parseHex(hex.replace(" ", "")));
        return new Socks(rest, answers, Optional.ofNullable(passwords)).request();
    }

    private void assertAnswered(String hex) {
        assertEquals(hex.replace(" ", ""), HexFormat.of().formatHex(answers.toByteArray()));
    }

    @ParameterizedTest
    @CsvSource({
        "05 01 00 05 01 00 01 7f 00 00 01 00 50, 127.0.0.1:80",
        "05 02 02 00 05 01 00 03 02 64 62 15 38, db:5432",
        "05 01 00 05 01 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 16, [0:0:0:0:0:0:0:1]:22"})
    void readsWhereAProgramWantsToGo(String hex, String target) throws IOException {
        assertEquals(target, request(hex, null).toString());
        assertAnswered("05 00");
    }

    /// Issue 14, case 31: version 4 was refused.
    @ParameterizedTest
    @CsvSource({
        "04 01 00 50 7f 00 00 01 00, 127.0.0.1:80",
        "04 01 15 38 0a 00 00 00 61 6e 6e 00, 10.0.0.0:5432",
        "04 01 00 16 00 00 00 00 00, 0.0.0.0:22",
        "04 01 15 38 00 00 00 01 61 6e 6e 00 64 62 00, db:5432",
        "04 01 00 50 00 00 00 ff 00 61 2e 62 00, a.b:80"})
    void readsTheOlderVersions(String hex, String target) throws IOException {
        assertEquals(target, request(hex + " cafe", null).toString());
        assertAnswered("");
        assertArrayEquals(new byte[] {(byte) 0xca, (byte) 0xfe}, rest.readAllBytes());
    }

    @Test
    void answersTheOlderVersionsInTheirOwnForm() throws IOException {
        var granted = new Socks(new ByteArrayInputStream(HexFormat.of().parseHex("040100507f00000100")), answers, Optional.empty());
        granted.request();
        granted.granted();
        assertAnswered("00 5a 00 00 00 00 00 00");
        answers.reset();
        granted.refused(new TargetException(Refusal.NOT_ALLOWED, "no"));
        assertAnswered("00 5b 00 00 00 00 00 00");
        answers.reset();
        granted.refused(new IOException("the server does not answer"));
        assertAnswered("00 5b 00 00 00 00 00 00");
        answers.reset();
        var passwords = SocksPasswords.parse(List.of("ann:secret"));
        assertThrows(ProtocolException.class, () -> request("04 01 00 50 7f 00 00 01 61 6e 6e 00", passwords));
        assertAnswered("00 5b 00 00 00 00 00 00");
        answers.reset();
        assertThrows(ProtocolException.class, () -> request("04 01 00 50 7f 00 00 01" + "61".repeat(256), null));
        assertAnswered("00 5b 00 00 00 00 00 00");
        for (String whole : List.of("04010050000000010061", "040100507f000001")) {
            for (int end = 0; end <= whole.length(); end += 2) {
                String cut = whole.substring(0, end);
                assertThrows(EOFException.class, () -> request(cut, null), cut);
            }
        }
    }

    @Test
    void aTunnelThatIsMissingIsAGeneralFailure() throws IOException {
        var dialogue = new Socks(new ByteArrayInputStream(HexFormat.of().parseHex("05010005010001" + "7f000001" + "0050")), answers,
                Optional.empty());
        dialogue.request();
        answers.reset();
        dialogue.refused(new IOException("the server does not answer"));
        assertAnswered("05 01 00 01 00 00 00 00 00 00");
    }

    @Test
    void leavesWhatFollowsTheRequestToTheProgram() throws IOException {
        request("05 01 00 05 01 00 01 7f 00 00 01 00 50 cafe", null);
        assertArrayEquals(new byte[] {(byte) 0xca, (byte) 0xfe}, rest.readAllBytes());
    }

    @ParameterizedTest
    @CsvSource({
        "05 01 00 05 02 00 01 7f 00 00 01 00 50, 05 00 05 07 00 01 00 00 00 00 00 00",
        "05 01 00 05 03 00 01 7f 00 00 01 00 50, 05 00 05 07 00 01 00 00 00 00 00 00",
        "05 01 00 05 01 00 02 7f 00 00 01 00 50, 05 00 05 08 00 01 00 00 00 00 00 00",
        "05 01 00 05 01 00 01 7f 00 00 01 00 00, 05 00 05 01 00 01 00 00 00 00 00 00",
        "05 01 00 05 01 00 03 02 2f 2f 00 50, 05 00 05 01 00 01 00 00 00 00 00 00",
        "05 01 02, 05 ff",
        "05 00, 05 ff",
        "06 01 00, ''",
        "04 02 00 50 7f 00 00 01 00, 00 5b 00 00 00 00 00 00",
        "04 01 00 00 7f 00 00 01 00, 00 5b 00 00 00 00 00 00",
        "04 01 00 50 00 00 00 01 00 2f 2f 00, 00 5b 00 00 00 00 00 00",
        "04 01 00 50 00 00 00 01 00 00, 00 5b 00 00 00 00 00 00",
        "05 01 00 04 01 00 01 7f 00 00 01 00 50, 05 00"})
    void refusesWhatIsNotServedWithTheRightCode(String hex, String answer) {
        assertThrows(ProtocolException.class, () -> request(hex, null));
        assertAnswered(answer);
    }

    /// Programs with UDP, such as those for DNS, had a refusal that named a number.
    @Test
    void saysThatUdpIsNotForwarded() {
        var refusal = assertThrows(ProtocolException.class, () -> request("05 01 00 05 03 00 01 00 00 00 00 00 00", null));
        assertEquals("SOCKS: UDP ASSOCIATE asks for UDP, and only TCP is forwarded", refusal.getMessage());
    }

    @Test
    void givesUpAtEachLengthOfACutDialogue() {
        String whole = "0502020005010003026462 1538".replace(" ", "");
        for (int end = 0; end < whole.length(); end += 2) {
            String cut = whole.substring(0, end);
            assertThrows(EOFException.class, () -> request(cut, null), cut);
        }
    }

    @Test
    void asksForAPasswordWhereOneIsConfigured() throws IOException {
        var passwords = SocksPasswords.parse(List.of("# who", "", "ann:secret", "bob:a:b"));
        String connect = "05 01 00 01 7f 00 00 01 00 50";
        request("05 02 00 02 01 03 616e6e 06 736563726574" + connect, passwords);
        assertAnswered("05 02 01 00");
        answers.reset();
        request("05 01 02 01 03 626f62 03 613a62" + connect, passwords);
        assertAnswered("05 02 01 00");
        for (String wrong : List.of("03 616e6e 06 736563726573", "03 616e6e 00", "00 00", "03 626f63 03 613a62")) {
            answers.reset();
            assertThrows(ProtocolException.class, () -> request("05 01 02 01" + wrong + connect, passwords));
            assertAnswered("05 02 01 01");
        }
        answers.reset();
        assertThrows(ProtocolException.class, () -> request("05 01 00" + connect, passwords));
        assertAnswered("05 ff");
        assertThrows(ProtocolException.class, () -> request("05 01 02 02 03 616e6e", passwords));
    }

    @Test
    void refusesPasswordFilesThatAreWrongWithoutQuotingThem() {
        for (List<String> wrong : List.of(List.of("ann"), List.of(":x"), List.of("ann:"), List.of("ann:x", "ann:y"), List.<String>of(),
                List.of("ann:" + "x".repeat(256)), List.of("ann".repeat(100) + ":x"))) {
            String message = assertThrows(IllegalArgumentException.class, () -> SocksPasswords.parse(wrong)).getMessage();
            assertEquals(-1, message.indexOf("ann"), message);
        }
    }

    @Test
    void hasACodeForEachRefusal() {
        assertEquals(List.of(2, 4, 5, 3, 6, 1, 1), List.of(Refusal.values()).stream().map(Socks::code).toList());
        for (Refusal refusal : Refusal.values()) {
            assertEquals(refusal, Refusal.ofCode(refusal.code()));
        }
        assertEquals(Refusal.FAILED, Refusal.ofCode("something new"));
    }
}
