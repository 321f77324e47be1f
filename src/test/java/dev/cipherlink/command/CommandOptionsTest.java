package dev.cipherlink.command;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.CommandParser.CommandException;
import java.net.ProtocolException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Options, transactions, and the items of their answers.
class CommandOptionsTest {
    private final CommandParser parser = new CommandParser(100);

    private Command parse(String text) throws CommandException {
        byte[] payload = text.getBytes(ISO_8859_1);
        return parser.parse(payload, 0, payload.length);
    }

    private String refusal(String text) {
        return assertThrows(CommandException.class, () -> parse(text), text).getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "PUT - NX EX=3                  | Put[<NX>, <EX=3>, ANY, Expiry[NONE, 0], false]",
        "put nx,ex=3,get GET            | -",
        "put nx,ex=3,get - -            | Put[<->, <->, ABSENT, Expiry[AFTER, 3000], true]",
        "PUT XX,KEEPTTL k v w           | Put[<k>, <v w>, PRESENT, Expiry[KEEP, 0], false]",
        "PUT PXAT=0 k v                 | Put[<k>, <v>, ANY, Expiry[AT, 0], false]",
        "PUT EXAT=9000000000 k v        | Put[<k>, <v>, ANY, Expiry[AT, 9000000000000], false]",
        "GETEX - k                      | GetEx[<k>, Expiry[KEEP, 0]]",
        "GETEX persist k                | GetEx[<k>, Expiry[NONE, 0]]",
        "GETEX PX=1 k                   | GetEx[<k>, Expiry[AFTER, 1]]",
        "MGET a b a                     | MGet[[<a>, <b>, <a>]]",
        "RENAME a b nx                  | Rename[<a>, <b>, true]",
        "COPY a b                       | Copy[<a>, <b>, false]",
        "PEXPIREAT k 5 lt               | Expire[<k>, Expiry[AT, 5], LATER]",
        "PSUBSCRIBE                     | Subscribe[<>, true]",
        "PUBLISH c  two  blanks         | Publish[<c>, < two  blanks>]"})
    void readsOptions(String text, String fields) throws CommandException {
        if (fields.equals("-")) {
            refusal(text);
            return;
        }
        Command command = parse(text);
        assertEquals(fields, CommandParserTest.shown(command));
        byte[] written = command.encode();
        assertEquals(fields, CommandParserTest.shown(parser.parse(written, 0, written.length)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT k v", "PUT NX,XX k v", "PUT EX=1,PX=1 k v", "PUT KEEPTTL,EX=1 k v", "PUT NX,NX k v", "PUT , k v",
        "PUT NX, k v", "PUT EX=0 k v", "PUT EX=x k v", "PUT PERSIST k v", "GETEX NX k", "GETEX KEEPTTL k", "GETEX - k x", "PUT PX=-1 k v",
        "PUT EX=3153600001 k v", "PUT PXAT=9000000000001 k v", "COPY a a", "RENAME a b XX", "PEXPIRE k 5 NXX", "SETRANGE k -1 v",
        "SETRANGE k 101 v", "MGET", "MGET a  b", "SUBSCRIBE", "TXN", "TXN\n", "TXN EACH", "TXN\n5 GET k x", "TXN\n4 GET k", "TXN\n6 GET k",
        "TXN\n0 \n", "TXN\n-5 GET k", "TXN\nGET k", "TXN EACHx\n5 GET k", "TXN  EACH\n5 GET k", "TXN\n4 KEYS", "TXN\n9 TXN\n5 GET k",
        "TXN\n4 PING", "TXN\n5 GET k8 IF k 0 1", "TXN\n6 IF k 0x", "TXN\n7 IF k -1", "TXN\n99999999999 GET k"})
    void refusesOthers(String text) {
        assertFalse(refusal(text).isEmpty());
    }

    @Test
    void transactionsAreExactToTheByte() throws CommandException {
        Command.Transaction parsed = (Command.Transaction) parse("TXN\n7 IF k 7\n14 SET a \n\0 5 x\n\n5 GET b");
        assertEquals(7, parsed.conditions().getFirst().version());
        assertEquals("SET <a> <\n\0 5 x\n>", CommandParserTest.shown(parsed.commands().getFirst()));
        assertEquals("GET <b>", CommandParserTest.shown(parsed.commands().getLast()));
        assertEquals(CommandParserTest.shown(parse("txn each\n5 GET b")), CommandParserTest.shown(parse("TXN EACH\n6 GET b\n\n")));
    }

    @Test
    void transactionsHaveLimits() throws CommandException {
        String most = "TXN\n" + "5 GET k".repeat(10_000);
        assertEquals(10_000, ((Command.Transaction) parse(most)).commands().size());
        assertTrue(refusal(most + "5 GET k").contains("at most 10000 commands"));
        String keys = "MGET" + " k".repeat(10_000);
        assertTrue(refusal("TXN\n" + (keys.length() + " " + keys).repeat(2) + "5 GET k").contains("at most 20000 keys"));
        String publications = "TXN\n" + "11 PUBLISH c x".repeat(100);
        assertEquals(100, ((Command.Transaction) parse(publications)).commands().size());
        assertEquals("command 101: a transaction has at most 100 PUBLISH", refusal(publications + "11 PUBLISH c x"));
        assertTrue(refusal("TXN\n5 GET k3 GET").startsWith("command 2: usage: GET key"));
        assertTrue(refusal("MGET" + " k".repeat(10_001)).contains("10000"));
    }

    @Test
    void knowsWhichChangeNothing() throws CommandException {
        for (String read : List.of("MGET a", "GETRANGE k 0 1", "STRLEN k", "VERSION k", "PTTL k", "PEXPIRETIME k", "RANDOMKEY",
                "TXN\n7 IF k 0\n5 GET k")) {
            assertTrue(parse(read).isReadOnly(), read);
        }
        for (String write : List.of("PUT - k v", "GETDEL k", "GETEX - k", "SETRANGE k 0 v", "RENAME a b", "COPY a b", "INCRBYFLOAT k 1",
                "PUBLISH c x", "SUBSCRIBE c", "UNSUBSCRIBE c", "TXN\n5 GET k7 SET k v")) {
            assertFalse(parse(write).isReadOnly(), write);
        }
    }

    @Test
    void itemsKeepAnswersAsTheyAre() throws ProtocolException {
        List<Reply> replies = List.of(Reply.OK, Reply.value(new byte[] {'\n', 0, '+', '3', ' ', -1}), Reply.NOT_FOUND,
                Reply.value(new byte[0]), Reply.number(-7));
        byte[] joined = ReplyItems.join(replies).payload();
        assertEquals(joined.length, replies.stream().mapToInt(ReplyItems::bytes).sum());
        List<Reply> split = ReplyItems.split(joined);
        for (int i = 0; i < replies.size(); i++) {
            assertArrayEquals(replies.get(i).payload(), split.get(i).payload());
            assertEquals(replies.get(i).isError(), split.get(i).isError());
        }
        assertEquals("+2 OK\n-9 not found\n", ReplyItems.join(List.of(Reply.OK, Reply.NOT_FOUND)).text() + "\n");
        for (int length = 1; length < joined.length; length++) {
            byte[] cut = Arrays.copyOf(joined, length);
            try {
                assertTrue(ReplyItems.split(cut).size() < replies.size());
            } catch (ProtocolException e) {
                assertEquals("not an item", e.getMessage());
            }
        }
        for (String wrong : List.of("+", "+1", "+1 ", "+1 a", "+ a\n", "*1 a\n", "+-1 a\n", "+9999999999 a\n", "+1 ab\n", "1 a\n")) {
            assertThrows(ProtocolException.class, () -> ReplyItems.split(wrong.getBytes(ISO_8859_1)), wrong);
        }
    }
}
