package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.server.Server;
import dev.cipherlink.server.ServerConfig;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What `kv` makes of arguments, files and lines: nothing is changed on the way.
@Timeout(120)
class KvIT {
    @TempDir
    Path folder;
    private SharedKey key;
    private MemoryStore store;
    private Server server;
    private Terminal terminal;

    @BeforeEach
    void startServer() throws IOException {
        key = SharedKey.generate();
        key.save(folder.resolve("k"), false);
        store = new MemoryStore(StoreLimits.ofHeap());
        server = Server.start(ServerConfig.loopback(key), store);
        terminal = new Terminal(folder);
        terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + server.address().getPort());
        terminal.environment.put("CIPHERLINK_CLIENT_SHARED_KEY", folder.resolve("k").toString());
    }

    @AfterEach
    void stopServer() {
        server.close();
        store.close();
        key.close();
    }

    private Terminal another() {
        Terminal made = new Terminal(folder);
        made.environment.putAll(terminal.environment);
        return made;
    }

    private String value(String name) {
        assertEquals(0, terminal.run("kv", "GET", name), terminal.err());
        return terminal.out();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
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

    private String program() {
        return JavaProgram.command(folder, List.of(), Main.class).stream().map(part -> "'" + part + "'").collect(Collectors.joining(" "));
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
        assertTrue(lines.get(11).contains("\"values\":[{\"local\":\"127.0.0.1:"), lines.get(11));
        assertEquals("", terminal.err());
    }

    /// Issue 14.7: `kv WATCH` answered OK and ended.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void watchTellsEachChangeAsItComesUntilTheEnd(boolean json) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(JavaProgram.command(folder, List.of(), Main.class,
                json ? List.of("--json", "kv", "WATCH", "job:").toArray(String[]::new) : new String[] {"kv", "WATCH", "job:"}))
                .directory(folder.toFile()).redirectError(folder.resolve("err").toFile()).redirectOutput(folder.resolve("out").toFile());
        builder.environment().putAll(terminal.environment);
        Process watch = builder.start();
        try {
            Path out = folder.resolve("out");
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> {
                terminal.run("kv", "SET", "job:0", "x"); // until it is heard
                return Files.size(out) > 0;
            });
            terminal.run("kv", "SET", "other", "x");
            terminal.run("kv", "SET", "job:1", "x");
            terminal.run("kv", "DELETE", "job:1");
            String end = json ? "{\"type\":\"key_set\",\"key\":\"job:1\"}\n{\"type\":\"key_deleted\",\"key\":\"job:1\"}\n"
                    : "set job:1\ndeleted job:1\n";
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> Files.readString(out).endsWith(end));
            assertTrue(!Files.readString(out).contains("other"), Files.readString(out));
            new ProcessBuilder("kill", "-INT", String.valueOf(watch.pid())).start().waitFor();
            assertTrue(watch.waitFor(60, TimeUnit.SECONDS));
            assertEquals(130, watch.exitValue());
            assertEquals("", Files.readString(folder.resolve("err")));
        } finally {
            watch.destroyForcibly();
        }
    }

    /// Issue 14.7: it goes on over a loss of its connection, and ends with 3 when the server is gone for good.
    @Test
    void watchEndsWhenTheServerIsGone() {
        terminal.environment.put("CIPHERLINK_CLIENT_RECONNECT_FOR", "0ms");
        var status = CompletableFuture.supplyAsync(() -> terminal.run("kv", "WATCH"));
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> another().run("kv", "SET", "a", "1") == 0
                && terminal.out().contains("set a\n"));
        server.close();
        assertEquals(3, status.join(), terminal.err());
    }

    /// Issue 14.26: key names are completed, also behind a colon, where bash completes only what follows it.
    /// Issue 14.26: the scripts of zsh and fish had never run in these shells.
    @Test
    void eachShellCompletesKeysOfTheServerFilesAndChoices() throws Exception {
        terminal.runWith(utf8("SET job:alpha 1\nSET job:beta 1\nSET other 1\n"), "-q", "kv");
        for (String shell : List.of("bash", "zsh", "fish")) {
            terminal.run("completion", shell);
            Files.writeString(folder.resolve("script." + shell), terminal.out());
        }
        Files.writeString(folder.resolve("with space"), "");
        Files.writeString(folder.resolve("cipherlink"), "#!/bin/sh\nexec " + program() + " \"$@\"\n");
        assertTrue(folder.resolve("cipherlink").toFile().setExecutable(true));

        // The server is asked for two seconds only, and the machine may be busy.
        Awaitility.await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> assertEquals("<alpha><beta><script.bash><memory>",
                said("bash", "-c", "PATH=$PWD:$PATH; source ./script.bash; "
                + "for COMP_LINE in 'cipherlink kv GET job:' 'cipherlink kv --from script.b' 'cipherlink serve --engine m'; do "
                + "COMP_POINT=${#COMP_LINE}; _cipherlink; printf '<%s>' \"${COMPREPLY[@]}\"; done")));
        Awaitility.await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> assertEquals("job:alpha\njob:beta\nscript.bash\nmemory\n",
                said("fish", "-c", "set PATH $PWD $PATH; source ./script.fish; "
                + "for line in 'kv GET job:' 'kv --from script.b' 'serve --engine m'; complete -C \"cipherlink $line\"; end")));
        try (TmuxTerminal zsh = TmuxTerminal.of(folder, 100, 24, terminal.environment, "exec zsh -f -i")) {
            zsh.enter("cd '" + folder + "'; PATH=$PWD:$PATH; PS1='z''sh: '; source ./script.zsh");
            zsh.awaitText("zsh:");
            for (String line : List.of("kv GET job:al|pha", "kv --from script.b|ash", "kv --from with| space", "serve --engine m|emory")) {
                String[] parts = line.split("\\|");
                zsh.type("cipherlink " + parts[0]);
                String whole = "cipherlink " + parts[0] + parts[1].replace(" ", "\\ ");
                Awaitility.await().atMost(Duration.ofMinutes(1)).pollInterval(Duration.ofSeconds(5)).until(() -> {
                    boolean isThere = zsh.screen().contains(whole);
                    if (!isThere) {
                        zsh.press("Tab");
                    }
                    return isThere;
                });
                zsh.press("C-u");
            }
        }
    }

    private String said(String... command) throws IOException {
        ProcessBuilder shell = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        shell.environment().putAll(terminal.environment);
        return new String(shell.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /// Issue 14.7: what was missed meanwhile is said, or that nothing was.
    @Test
    void watchTellsThatItsConnectionWasLostAndGoesOn() throws Exception {
        try (CutLink link = new CutLink(server.address())) {
            Terminal watching = another();
            watching.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            watching.environment.put("CIPHERLINK_CLIENT_RECONNECT_FOR", "10s");
            var status = CompletableFuture.supplyAsync(() -> watching.run("kv", "WATCH"));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> terminal.run("kv", "SET", "a", "1") == 0
                    && watching.out().contains("set a\n"));
            link.breakAll();
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> watching.err().contains("connected again, nothing was missed\n"));
            assertTrue(watching.err().matches("cipherlink: connection lost: .*; it is established again\n(.*\n)*"), watching.err());
            terminal.run("kv", "SET", "b", "1");
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> watching.out().contains("set b\n"));
            link.cut();
            assertEquals(3, status.get(), watching.err());
        }
    }

    @Test
    void aSingleWriteWithoutAnAnswerMayHaveRunAndAReadHasNoTrace() throws Exception {
        try (CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            Files.write(folder.resolve("large"), new byte[1 << 20]);
            link.swallowBehind(100_000);
            var status = CompletableFuture.supplyAsync(() -> terminal.run("kv", "SET", "a", "--from", "large"));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> link.swallowedBytes() > 0);
            link.breakAll();
            assertEquals(5, status.get(), terminal.err());
            assertTrue(terminal.err().contains("; whether the command ran is unknown\n  try: look what the server has now"), terminal.err());

            assertEquals(5, terminal.run("kv", "--timeout", "2s", "SET", "a", "--from", "large"), terminal.err());
            assertTrue(terminal.err().contains(" lost: no answer within 2s; whether the command ran is unknown\n"), terminal.err());
            assertEquals(3, terminal.run("kv", "--timeout", "2s", "ECHO", "x".repeat(120_000)), terminal.err());
            assertTrue(terminal.err().contains(" lost: no answer within 2s\n"), terminal.err());
        }
    }

    @Test
    void aScriptGivesUpOnAServerThatDoesNotAnswer() throws Exception {
        try (CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            link.swallowBehind(100_000);
            String script = "SET a " + "x".repeat(200_000) + "\nGET a\n";
            assertEquals(5, terminal.runWith(utf8(script), "kv", "--timeout", "2s"), terminal.err());
            assertTrue(terminal.err().contains("stdin:1: SET a: outcome unknown\n"), terminal.err());
            assertTrue(terminal.err().contains(" lost: no answer within 2s; the outcome of 1 command is unknown\n"), terminal.err());
        }
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

    /// Issue 14.26: each shell shows what this answers.
    @Test
    void completesWhatCanStandInEachPlace() {
        assertEquals(0, terminal.runWith(utf8("JOIN #lobby\nJOIN #ops\nSAY #ops hello\n"), "kv"), terminal.err());
        assertEquals("#ops\n", completed("kv", "JOIN", "#o"));
        assertEquals("#ops\n", completed("chat", "#o"));
        assertEquals("60\n600\n", completed("kv", "EXPIRE", "a", "60"));
        assertEquals("--from\n", completed("kv", "SET", "a", "--f"));
        assertEquals("", completed("kv", "SET", "a", "b", ""));
        assertEquals("", completed("kv", "PING", ""));
        assertEquals("GET\n", completed("kv", "--timeout", "5s", "ge"));
        assertEquals("show\n", completed("config", ""));
        assertEquals(":folders\n", completed("store", "backup", ""));
        assertEquals("10m\n10s\n1d\n1h\n1m\n1s\n", completed("--timeout", "1"));
        assertEquals("burst\n", completed("bench", "--mode", "b"));
        assertEquals("", completed("-s", "nowh"));
    }

    private String completed(String... words) {
        List<String> args = new ArrayList<>(List.of("completion", "words"));
        args.addAll(List.of(words));
        assertEquals(0, terminal.run(args.toArray(String[]::new)), terminal.err());
        return terminal.out();
    }

    @Test
    void verboseTellsOfTheKeyAndOfALostConnection() throws Exception {
        var typed = new PipedOutputStream();
        try (PipedInputStream stdin = new PipedInputStream(typed); CutLink link = new CutLink(server.address())) {
            terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + link.port());
            var status = CompletableFuture.supplyAsync(() -> terminal.runWith(stdin, "kv", "-v"));
            typed.write(utf8("SET a 1\n"));
            typed.flush();
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> terminal.out().equals("OK\n"));
            link.breakAll();
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> terminal.err().contains("ms: the session goes on\n"));
            typed.close();
            assertEquals(0, status.get(), terminal.err());
            assertTrue(terminal.err().contains("cipherlink: shared key: ") && terminal.err().contains("; version 1\n"), terminal.err());
            assertTrue(terminal.err().contains("cipherlink: connection lost: "), terminal.err());
        }
    }
}
