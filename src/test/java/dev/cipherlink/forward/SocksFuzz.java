package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.fuzz.FuzzTarget;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The dialogue of a program with a SOCKS port, with and without passwords: a target, or one of the documented exceptions, and no byte
/// read that is the program's own.
public final class SocksFuzz implements FuzzTarget {
    private static final SocksPasswords PASSWORDS = SocksPasswords.parse(List.of("ann:secret"));

    @Override
    public byte[][] seeds() {
        return Stream.of("050100 05010001 7f000001 0050", "05020200 05010003 02 6462 1538",
                "050100 05010004 00000000000000000000000000000001 0016", "050102 01 03616e6e 06736563726574 05010001 0a000001 0016 cafe",
                "04010050 7f000001 00", "04011538 00000001 616e6e00 646200", "050101 ", "05010005020001")
                .map(hex -> HexFormat.of().parseHex(hex.replace(" ", ""))).toArray(byte[][]::new);
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        return accepts(input, Optional.empty()) | accepts(input, Optional.of(PASSWORDS));
    }

    private static boolean accepts(byte[] input, Optional<SocksPasswords> passwords) throws IOException {
        var in = new ByteArrayInputStream(input);
        var out = new ByteArrayOutputStream();
        try {
            ForwardTarget target = new Socks(in, out, passwords).request();
            assertEquals(target, ForwardTarget.parse(target.toString()));
            byte[] whole = Arrays.copyOf(input, input.length - in.available());
            assertEquals(target, new Socks(new ByteArrayInputStream(whole), new ByteArrayOutputStream(), passwords).request());
            return true;
        } catch (ProtocolException e) {
            assertTrue(!e.getMessage().isEmpty() && out.size() <= 20);
            return false;
        } catch (EOFException _) {
            return false;
        }
    }
}
