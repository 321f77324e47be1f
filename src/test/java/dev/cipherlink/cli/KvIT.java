package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Arguments, files and lines reach the server unchanged, and each answer has its status.
class KvIT extends ServerRig {
    private String value(String name) {
        assertEquals(0, terminal.run("kv", "GET", name), terminal.err());
        return terminal.out();
    }

    /// Issue 14.2: arguments were joined with spaces and parsed anew, and options were taken out of values.
    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "-q", "--from=/etc/hostname", "--json", "@/etc/hostname", "-5", "two  words ", " ", "",
        "line\n", "\"quoted\"", "-", "--from"})
    void anArgumentIsAnArgumentWhateverIsInIt(String value) {
        List<String> set = new ArrayList<>(List.of("kv", "SET", "k"));
        if (value.equals("--from")) {
            set.add("--");
        }
        set.add(value);
        assertEquals(0, terminal.run(set.toArray(String[]::new)), terminal.err());
        assertEquals("OK\n", terminal.out());
        assertEquals(value, value("k"));
    }

    /// Issue 14.2: `SET "user name" joe` wrote the key `user`, and `GET "user\n"` read it.
    @ParameterizedTest
    @ValueSource(strings = {"user name", "user\n", "\tuser", "user\u00a0name", " "})
    void whiteSpaceInAKeyIsRefused(String name) {
        for (String[] command : new String[][] {{"SET", name, "joe"}, {"GET", name}, {"DELETE", name}, {"COUNT", name}}) {
            List<String> args = new ArrayList<>(List.of("kv"));
            args.addAll(List.of(command));
            assertEquals(2, terminal.run(args.toArray(String[]::new)), terminal.err());
            assertEquals(1, terminal.err().lines().count(), terminal.err());
            assertTrue(terminal.err().contains("has white space"), terminal.err());
        }
        assertEquals(0, terminal.run("kv", "COUNT"));
        assertEquals("0\n", terminal.out());
    }

    /// Issue 14.2: an exception, status 70.
    @ParameterizedTest
    @ValueSource(strings = {"", " ", "SET k v"})
    void aVerbThatIsNoneIsWrongUsage(String verb) {
        assertEquals(2, terminal.run("kv", verb));
        assertTrue(terminal.err().lines().count() <= 2, terminal.err());
    }

    /// Issue 14.4: KEYS stopped at 1,000 with status 0, and more than 10,000 were refused.
    @Test
    void keysListsThemAllHoweverMany() throws IOException {
        int count = 25_000;
        String sets = IntStream.range(0, count).mapToObj(i -> "SET tmp:" + i + " x\n").collect(Collectors.joining());
        assertEquals(0, terminal.runWith(utf8(sets + "SET tmq x\n"), "-q", "kv"), terminal.err());
        String all = IntStream.range(0, count).mapToObj(i -> "tmp:" + i).sorted().collect(Collectors.joining("\n")) + "\n";
        assertEquals(0, terminal.run("kv", "KEYS", "tmp:"));
        assertEquals(all, terminal.out());
        assertEquals(0, terminal.run("kv", "KEYS", "tmp:", "20000"));
        assertEquals(20_000, terminal.out().lines().count());
        assertEquals(0, terminal.run("kv", "--limit", "3", "KEYS", "tmp:"));
        assertEquals(List.of("tmp:0", "tmp:1", "tmp:10"), terminal.out().lines().toList());
        assertEquals(0, terminal.run("kv", "KEYS", "tmp:", "2", "tmp:24998"));
        assertEquals(List.of("tmp:24999", "tmp:25"), terminal.out().lines().toList());
        assertEquals(0, terminal.runWith(utf8("COUNT tmp:\nKEYS tmp:\nDELETE tmp:7\nKEYS tmp:2499\nKEYS none:\nPING\n"), "-q", "kv"));
        assertEquals(count + "\n" + all + "OK\n"
                + "tmp:2499\n" + IntStream.range(24_990, 25_000).mapToObj(i -> "tmp:" + i + "\n").collect(Collectors.joining())
                + "PONG\n", terminal.out());
    }

    /// Issue 14.6: a device, or a dump, was read to its end before it was refused.
    @Test
    void aValueFromAFileIsBounded() throws IOException {
        try (InputStream endless = new Endless()) {
            assertEquals(2, terminal.runWith(endless, "kv", "SET", "big", "--from", "-"));
        }
        assertTrue(terminal.err().startsWith("cipherlink: stdin: a value has at most 16MiB, and this does not end there\n"),
                terminal.err());
        assertEquals(2, terminal.run("kv", "SET", "big", "--from", "/dev/zero"));
        assertTrue(terminal.err().startsWith("cipherlink: /dev/zero: a value has at most 16MiB"), terminal.err());
        try (var sparse = Files.newByteChannel(folder.resolve("dump"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            sparse.position(40L << 30).write(ByteBuffer.wrap(new byte[1]));
        }
        assertEquals(2, terminal.run("kv", "SET", "big", "--from", "dump"));
        assertTrue(terminal.err().contains("dump: a value has at most 16MiB, and this has 42,949,672,961 bytes"), terminal.err());
        assertEquals(1, terminal.run("kv", "GET", "big"));
    }

    private static final class Endless extends InputStream {
        @Override
        public int read() {
            return 0;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            return length;
        }
    }

    /// Verdicts 9 and 11: 141, as if a reader had left, for a device that is full.
    @Test
    void aFullStdoutIsNoReaderThatLeft() throws Exception {
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", program() + " kv --help >/dev/full; echo \"rc=$?\"; "
                + program() + " kv PING >/dev/full; echo \"rc=$?\"").directory(folder.toFile()).redirectErrorStream(true);
        shell.environment().putAll(terminal.environment);
        Process process = shell.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(said.matches("(cipherlink: cannot write to stdout: .+\nrc=2\n){2}"), said);
    }

    /// Issue 14.2: bytes that are no UTF-8 became U+FFFD in the store.
    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8"})
    void anArgumentThatIsNoTextIsRefused(String locale) throws Exception {
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", program() + " kv SET k \"$(printf 'caf\\351')\"; echo \"rc=$?\"; "
                + program() + " kv SET k \"$(printf 'caf\\303\\251')\"; echo \"rc=$?\"")
                .directory(folder.toFile()).redirectErrorStream(true);
        shell.environment().putAll(terminal.environment);
        shell.environment().put("LC_ALL", locale);
        Process process = shell.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(said.startsWith("cipherlink: argument 4 is not UTF-8, and would be changed: caf"), said);
        assertTrue(said.endsWith("rc=2\nOK\nrc=0\n"), said);
        assertEquals("caf\u00e9", value("k"));
    }

    /// Issue 14.11 and 51.
    @Test
    void quotesInALineAreSyntaxUnlessAskedNotTo() {
        String script = "\uFEFFSET \"q1\" \"two words\"\r\nSET q2 'it is'\r\nGET \"q1\"\nSET q4 \"a\\nb\\n\"\nSET q5 \"open\nGET q2\nEXISTS q5\n";
        assertEquals(6, terminal.runWith(utf8(script), "-q", "kv"));
        assertEquals("OK\nOK\ntwo words\nOK\nit is\n0\n", terminal.out());
        assertEquals(1, terminal.err().lines().count(), terminal.err());
        assertTrue(terminal.err().startsWith("cipherlink: stdin:5: SET q5: the quote is not closed"), terminal.err());
        assertEquals("a\nb\n", value("q4"));
        assertEquals(0, terminal.runWith(utf8("SET q \"open\n"), "-q", "kv", "--no-quotes"));
        assertEquals("\"open", value("q"));
    }

    /// Issue 14.24: a missing key and a failure of the server were one status.
    @Test
    void aMissingKeyIsAnotherStatusThanARefusal() {
        assertEquals(1, terminal.run("kv", "GET", "none"));
        assertEquals(1, terminal.run("kv", "CAS", "none", "7", "x"));
        terminal.run("kv", "SET", "text", "x");
        assertEquals(6, terminal.run("kv", "INCR", "text"));
        assertEquals(6, terminal.run("kv", "SAY", "#r", "not a member"));
        assertEquals(1, terminal.runWith(utf8("GET none\nGET text\n"), "-q", "kv"));
        assertEquals(6, terminal.runWith(utf8("GET none\nINCR text\nGET none\n"), "-q", "kv"));
        assertEquals(6, terminal.run("kv", "--json", "INCR", "text"));
        assertTrue(terminal.out().startsWith("{\"ok\":false,\"code\":6,\"error\":\"refused\",\"message\":\"INCR text: "), terminal.out());
        assertEquals(1, terminal.run("kv", "--json", "CAS", "none", "7", "x"));
        assertEquals("{\"ok\":false,\"code\":1,\"error\":\"conflict\",\"message\":\"CAS none: conflict, version is 0\"}\n", terminal.out());
        assertEquals("", terminal.err());
    }

    /// Issue 14.24: lists were one string with line feeds. Verdict 50: misses left no line.
    @Test
    void withJsonListsAreArraysAndEachCommandHasItsLine() {
        String script = "SET a 1\nSET b 2\nKEYS\nKEYS none:\nGET none\nJOIN #r\nSAY #r hi\nROOMS\nWHO\nHISTORY #r\nWATCH\nSOCKETS\nGET a\n";
        assertEquals(6, terminal.runWith(utf8(script), "-q", "--json", "kv"));
        List<String> lines = terminal.out().lines().toList();
        assertEquals(13, lines.size());
        for (int i = 0; i < 13; i++) {
            assertTrue(lines.get(i).contains("\"line\":" + (i + 1) + ","), lines.get(i));
        }
        assertEquals("{\"ok\":true,\"line\":3,\"values\":[\"a\",\"b\"]}", lines.get(2));
        assertEquals("{\"ok\":true,\"line\":4,\"values\":[]}", lines.get(3));
        assertTrue(lines.get(4).contains("\"error\":\"not_found\""), lines.get(4));
        assertTrue(lines.get(7).contains("\"values\":[{\"room\":\"#r\",\"people\":1,\"id\":"), lines.get(7));
        assertTrue(lines.get(8).contains("\"values\":[{\"name\":\"") && lines.get(8).contains("\"state\":\"here\",\"seconds\":"), lines.get(8));
        assertTrue(lines.get(9).contains("\"values\":[{\"type\":\"message\",\"room\":\"#r\",\"id\":"), lines.get(9));
        assertTrue(lines.get(10).contains("\"code\":2"), lines.get(10));
        assertTrue(lines.get(11).contains("\"values\":[{\"id\":") && lines.get(11).contains(",\"local\":\"127.0.0.1:"), lines.get(11));
        assertEquals("", terminal.err());
    }

    @Test
    void setHasOptionsInFrontOfItsKey() {
        assertEquals(0, terminal.run("kv", "SET", "--nx", "--ex", "1h", "lock", "me"), terminal.err());
        assertEquals("OK\n", terminal.out());
        assertEquals(1, terminal.run("kv", "SET", "--nx", "--px=5000", "lock", "you"));
        assertEquals("cipherlink: SET lock: condition not met\n", terminal.err());
        assertEquals(2, terminal.run("kv", "SET", "--nx", "--xx", "lock", "you"));
        assertTrue(terminal.err().contains("SET: either --nx or --xx"), terminal.err());
        assertEquals(2, terminal.run("kv", "SET", "--ex", "1s", "--keep-ttl", "lock", "you"));
        assertTrue(terminal.err().contains("SET: one of --ex, --px and --keep-ttl"), terminal.err());
        assertEquals(2, terminal.run("kv", "SET", "--ttl", "lock", "you"));
        assertTrue(terminal.err().contains("SET has no option --ttl"), terminal.err());
        assertEquals(0, terminal.run("kv", "SET", "--xx", "--keep-ttl", "--get", "lock", "--nx"), terminal.err());
        assertEquals("me", terminal.out());
        assertEquals("--nx", value("lock"));
        assertEquals(0, terminal.run("kv", "TTL", "lock"));
        assertTrue(Integer.parseInt(terminal.out().strip()) > 3_000, terminal.out());
        assertEquals(0, terminal.run("--json", "kv", "SET", "--get", "fresh", "x"));
        assertEquals("{\"ok\":true,\"value\":null}\n", terminal.out());
        assertEquals(0, terminal.run("kv", "SET", "--", "--nx", "a key"), terminal.err());
        assertEquals("a key", value("--nx"));
        assertEquals(2, terminal.run("kv", "SET", "--ex", "soon", "k", "v"));
        assertTrue(terminal.err().contains("wrong value for --ex: 'soon'"), terminal.err());
        assertEquals(2, terminal.run("kv", "SET", "--nx", "--xx", "k", "v"));
        assertEquals(2, terminal.run("kv", "TXN"));
    }

    @Test
    void linesBetweenTxnAndEndAreOneCommand() {
        String script = """
                SET a 1
                TXN
                INCR a 5
                # a comment, and a blank line

                APPEND log "x\\n"
                END
                txn each
                GET none
                MGET a log
                end
                TXN
                IF a 0
                SET a 9
                END
                TXN
                SET a 9
                GET none
                END
                GET a
                TXN
                GET a
                """;
        assertEquals(6, terminal.runWith(utf8(script), "--json", "kv"));
        assertEquals("""
                {"ok":true,"line":1,"value":"OK"}
                {"ok":true,"line":2,"values":[{"value":"6"},{"value":"2"}]}
                {"ok":true,"line":8,"values":[{"error":"not found"},{"value":"+1 6\\n+2 x\\n"}]}
                """, terminal.out().lines().limit(3).collect(Collectors.joining("\n", "", "\n")));
        List<String> rest = terminal.out().lines().skip(3).toList();
        assertTrue(rest.get(0).contains("\"error\":\"conflict\",\"line\":12"), rest.toString());
        assertTrue(rest.get(1).contains("\"line\":16,\"message\":\"TXN: command 2: not found\""), rest.toString());
        assertEquals("{\"ok\":true,\"line\":20,\"value\":\"6\"}", rest.get(2));
        assertTrue(rest.get(3).contains("\"line\":21,\"message\":\"TXN without a line END\""), rest.toString());
        assertEquals("6", value("a"));
    }

    @Test
    void answersOfSeveralCommandsAreLinesForPeople() {
        String script = """
                SET --nx a 1
                SET --nx a 2
                SET --get --ex 30s a "x\\n\\ty"
                SET -- --nx v
                MGET a none --nx
                TXN EACH
                GET none
                INCR a
                STRLEN --nx
                END
                END
                IF a 3
                SET --nix a 3
                KEYS --*
                """;
        assertEquals(6, terminal.runWith(utf8(script), "kv"));
        assertEquals("""
                OK
                1
                OK
                x\\n\\ty
                (not found)
                v
                (not found)
                ERROR value is not a 64-bit decimal number
                1
                """, terminal.out());
        assertEquals(List.of("cipherlink: stdin:2: PUT NX a: condition not met",
                "cipherlink: stdin:11: END belongs to a transaction, behind a line TXN",
                "cipherlink: stdin:12: IF belongs to a transaction, behind a line TXN",
                "cipherlink: stdin:13: SET has no option --nix; a key that begins with -- stands behind --: SET -- --nix value"),
                terminal.err().lines().limit(4).toList());
        assertEquals(0, terminal.run("kv", "MGET", "a", "none"));
        assertEquals("x\\n\\ty\n(not found)\n", terminal.out());
        assertEquals(0, terminal.run("kv", "--raw", "MGET", "a", "none"));
        assertEquals("+4 x\n\ty\n-9 not found\n", terminal.out());
        assertEquals(0, terminal.run("kv", "KEYS", "user:*"));
        assertEquals("cipherlink: no key begins with 'user:*': KEYS takes a prefix, without *\n", terminal.err());
        assertEquals(0, terminal.runWith(utf8("SET --nx v\nGET --nx\n"), "kv", "--no-quotes"));
        assertEquals("OK\nv\n", terminal.out());
    }

    @Test
    void aValueIsTypedAtAQuestionByteForByte() {
        assertEquals(0, terminal.runTyping("  two words \n", "kv", "SET", "a", "--ask"), terminal.err());
        assertEquals("value: \n", terminal.err());
        assertEquals("  two words ", value("a"));
        assertEquals(0, terminal.runTyping("Zo\u00eb\n", "kv", "--ask", "SET", "--nx", "b"), terminal.err());
        assertEquals("Zo\u00eb", value("b"));
        assertEquals(0, terminal.run("kv", "SET", "a", "--", "--ask"), terminal.err());
        assertEquals("--ask", value("a"));
        for (String nothing : new String[] {"", "\n"}) {
            assertEquals(2, terminal.runTyping(nothing, "kv", "SET", "a", "--ask"));
            assertTrue(terminal.err().endsWith("cipherlink: no value was given\n"), terminal.err());
        }
        assertEquals(2, terminal.runTyping("x".repeat(1_025) + "\n", "kv", "SET", "a", "--ask"));
        assertTrue(terminal.err().contains("cannot ask for the value: an answer has at most 1024 bytes\n  try: --from FILE\n"),
                terminal.err());
        assertEquals("--ask", value("a"));
    }

    @Test
    void aFileThatCannotBeReadIsNamedBeforeAnythingIsSent() {
        assertEquals(2, terminal.run("kv", "SET", "a", "--from", "nowhere"));
        assertEquals("cipherlink: cannot read nowhere: no such file\n", terminal.err());
        assertEquals(2, terminal.run("kv", "--file", "nowhere"));
        assertEquals("cipherlink: cannot read nowhere: no such file\n", terminal.err());
        assertEquals(2, terminal.run("kv", "--from", "a", "SET", "a", "--from", "b"));
        assertTrue(terminal.err().startsWith("cipherlink: --from stands there twice\n"), terminal.err());
        assertEquals(2, terminal.run("kv", "--from", "a"));
        assertEquals(2, terminal.run("kv", "--file", "a", "GET", "a"));
    }

    @Test
    void onATerminalWithoutAPromptItSaysHowItsInputEnds() {
        terminal.environment.put("TERM", "dumb");
        assertEquals(0, terminal.withTerminals(true, true, true).runWith(utf8("SET a 1\n"), "kv"), terminal.err());
        assertTrue(terminal.err().startsWith("commands, one a line; Ctrl-D ends\n"), terminal.err());
    }
}
