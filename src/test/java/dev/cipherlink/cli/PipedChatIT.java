package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.agent.Agent;
import dev.cipherlink.agent.AgentClient;
import dev.cipherlink.client.Client;
import dev.cipherlink.console.Terminal;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.prompt.ReplRig;
import dev.cipherlink.seal.SealedText;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// `chat` without a terminal: its output, and how it ends.
class PipedChatIT extends ReplRig {
    private static final JsonFactory JSON = new JsonFactory();

    @Override
    public KeyValueStore openStore() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    private Terminal pipe() {
        var pipe = new Terminal(folder);
        pipe.environment.put("USER", "ann");
        return pipe;
    }

    private String[] chat(String... options) {
        List<String> args = new ArrayList<>(List.of("chat", "-s", "127.0.0.1:" + server.address().getPort(), "--identity",
                folder.resolve("ann").toString(), "--host-key", host.publicKey().fingerprint().toString()));
        args.addAll(List.of(options));
        return args.toArray(String[]::new);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// Each line as an object; of lists in it only that they are there.
    private static List<Map<String, String>> objects(String out) {
        return out.lines().map(PipedChatIT::object).toList();
    }

    private static Map<String, String> object(String line) {
        Map<String, String> members = new HashMap<>();
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), line)) {
            assertEquals(JsonToken.START_OBJECT, parser.nextToken(), line);
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                members.put(name, parser.getString());
                parser.skipChildren();
            }
            assertEquals(JsonToken.END_OBJECT, parser.currentToken(), line);
        }
        return members;
    }

    private static List<Map<String, String>> ofType(String type, String out) {
        return objects(out).stream().filter(object -> object.get("type").equals(type)).toList();
    }

    @Test
    void aPipeIsAPlainLineClient() throws Exception {
        Terminal pipe = pipe();
        String typed = "SET a 1\nGET a\nJOIN #lobby\nhello\n/say GET is a verb\n\nGET nope\nHISTORY #lobby 5\n/quit\nGET a\n";

        assertEquals(1, pipe.runWith(utf8(typed), chat()));
        assertEquals("cipherlink: stdin:7: GET nope: not found\n", pipe.err());
        assertTrue(pipe.out().matches("OK\n1\n\\d\\d:\\d\\d #lobby <ann> hello\n\\d\\d:\\d\\d #lobby <ann> GET is a verb\n"),
                pipe.out());
    }

    /// Issue 14.5: of 200 lines 52 arrived, and the others were refused. The server takes 50 at once, and 10 a second.
    @Test
    void linesOverTheServersRateWaitAndAllArriveInTheirOrder() throws Exception {
        String lines = IntStream.range(0, 75).mapToObj(i -> "build line " + i).collect(Collectors.joining("\n"));
        Terminal pipe = pipe();

        assertEquals(0, pipe.runWith(utf8(lines), chat("#build")), pipe.err());
        assertEquals("", pipe.err());
        try (Client bob = client("bob")) {
            bob.request("JOIN #build");
            String said = bob.request("HISTORY #build 1000").text().lines().map(line -> line.replaceFirst(".* build", "build"))
                    .collect(Collectors.joining("\n"));
            assertEquals(lines, said);
        }
    }

    /// Issue 14.5: a refusal did not say which line it was of; and 14.3: bytes that are no text became U+FFFD.
    @Test
    void eachRefusalNamesItsLineAndTheStatusIsThatOfTheWorst() throws Exception {
        Terminal pipe = pipe();
        byte[] typed = ("\uFEFFSET a 1\r\nnobody hears this\nJOIN #r\n/msg nobody hello\nSET b Jos\u00e9\nSET c Jos@@\nGET a\n"
                + "/nothing\n").getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < typed.length; i++) {
            typed[i] = typed[i] == '@' ? (byte) 0xE9 : typed[i];
        }

        assertEquals(6, pipe.runWith(typed, chat()));
        assertEquals(List.of("stdin:2", "stdin:4", "stdin:6", "stdin:8"),
                pipe.err().lines().map(line -> line.replaceFirst("cipherlink: (stdin:\\d+): .*", "$1")).toList(), pipe.err());
        assertTrue(pipe.err().contains("stdin:6: the line is not UTF-8 and was not sent"), pipe.err());
        assertEquals("OK\nOK\n1\n", pipe.out());
        try (Client bob = client("bob")) {
            assertEquals("Jos\u00e9", bob.request("GET b").text());
            assertTrue(bob.request("GET c").isError());
        }
    }

    /// Issue 14.7: others' messages were lines for people on the same stdout, and errors plain text on stderr.
    @Test
    void withJsonEachLineOfStdoutIsAnObjectAndEachLineTypedHasOneAnswer() throws Exception {
        Terminal pipe = pipe();
        var typed = new PipedOutputStream();
        var stdin = new PipedInputStream(typed);
        CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> pipe.runWith(stdin, jsonChat("#json")));
        try (Client bob = client("bob")) {
            bob.request("SET binary \u0000\u0001");
            bob.request("SET text two words");
            bob.request("JOIN #json");
            Awaitility.await().until(() -> bob.request("WHO #json").text().contains("ann"));
            bob.request("SAY #json hello \u001b[2J bot");
            bob.request("TELL ann between us");
            typed.write(utf8("GET text\nGET nope\nhello bob\n/nothing\n/who\n\n"));
            typed.flush();
            Awaitility.await().until(() -> pipe.out().contains("\"line\":6"));
            typed.close();
            assertEquals(6, status.get());

            assertEquals("", pipe.err());
            List<Map<String, String>> answers = ofType("answer", pipe.out());
            assertEquals(List.of("1", "2", "3", "4", "5", "6"), answers.stream().map(answer -> answer.get("line")).toList());
            assertEquals("two words", answers.getFirst().get("value"));
            assertEquals(List.of("true", "false", "true", "false", "true", "true"),
                    answers.stream().map(answer -> answer.get("ok")).toList(), pipe.out());
            assertEquals("not found", answers.get(1).get("message"));
            assertEquals("not_found", answers.get(1).get("error"));
            assertTrue(answers.get(4).containsKey("values"), pipe.out());
            Map<String, String> message = ofType("message", pipe.out()).getFirst();
            assertEquals("hello \u001b[2J bot", message.get("text"));
            assertEquals("#json", message.get("room"));
            assertEquals("bob", message.get("from"));
            assertTrue(Long.parseLong(message.get("id")) > 0 && message.get("at").endsWith("Z"), message.toString());
            assertEquals("between us", ofType("direct", pipe.out()).getFirst().get("text"));
            assertEquals("no", ofType("direct", pipe.out()).getFirst().get("sealed"));
        }
    }

    /// A program that does what it is told must see that the server tells it a second time or hours later, or as another's.
    @Test
    void withJsonASealedMessageSaysWhetherToBelieveIt() throws Exception {
        Terminal pipe = pipe();
        pipe.environment.put("CIPHERLINK_CLIENT_KNOWN_PEOPLE", folder.resolve("people").toString());
        var typed = new PipedOutputStream();
        var stdin = new PipedInputStream(typed);
        CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> pipe.runWith(stdin, jsonChat("#json")));
        try (Client bob = client("bob"); Identity own = Identity.load(folder.resolve("bob"), PassphraseSource.none());
                Identity ann = Identity.load(folder.resolve("ann"), PassphraseSource.none())) {
            Instant written = Instant.ofEpochMilli(System.currentTimeMillis());
            String sealed = SealedText.seal(own.keyPair(), ann.publicKey(), written, "pay him");
            bob.request("TELL ann " + SealedText.seal(ann.keyPair(), ann.publicKey(), written, "words of ann, told as bob's"));
            for (int i = 0; i < 3; i++) {
                bob.request("TELL ann " + (i < 2 ? sealed
                        : SealedText.seal(own.keyPair(), ann.publicKey(), written.plusSeconds(1), "thank you")));
            }
            Awaitility.await().until(() -> pipe.out().contains("thank you"));
            typed.close();
            assertEquals(0, status.get());
            List<Map<String, String>> told = ofType("direct", pipe.out());
            assertEquals(List.of("changed", "new", "repeated", "known"), told.stream().map(direct -> direct.get("sealed")).toList(), pipe.out());
            assertEquals(written, Instant.parse(told.get(2).get("written")));
        }
    }

    /// The server tells a message once: it was lost if the agent had forgotten the key when it came.
    @Test
    void sealedMessagesWaitUntilTheAgentHasTheKeyAgain() throws Exception {
        Path file = folder.resolve("ann");
        Terminal pipe = pipe();
        pipe.environment.put("CIPHERLINK_CLIENT_KNOWN_PEOPLE", folder.resolve("people").toString());
        pipe.environment.put("CIPHERLINK_AGENT_SOCKET", folder.resolve("run/agent").toString());
        try (Client bob = client("bob"); Identity own = Identity.load(folder.resolve("bob"), PassphraseSource.none());
                Identity ann = Identity.load(file, PassphraseSource.none());
                var agent = Agent.open(folder.resolve("run/agent"), Duration.ofHours(1))) {
            ann.save(file, "open sesame".toCharArray(), true);
            byte[] digest = Identity.sealedDigest(file).orElseThrow();
            var asking = new AgentClient(agent.socket());
            asking.hold(digest, ann, file);
            var typed = new PipedOutputStream();
            var stdin = new PipedInputStream(typed);
            CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> pipe.runWith(stdin, jsonChat("#json")));
            bob.request("JOIN #json");
            Awaitility.await().until(() -> bob.request("WHO #json").text().contains("ann"));
            asking.lock();
            for (int i = 1; i <= 3; i++) {
                bob.request("TELL ann " + SealedText.seal(own.keyPair(), ann.publicKey(), Instant.ofEpochMilli(i), "secret " + i));
            }
            bob.request("TELL ann for all");
            Awaitility.await().until(() -> pipe.out().contains("for all"));
            assertEquals(1, ofType("warning", pipe.out()).size(), pipe.out());
            assertTrue(ofType("warning", pipe.out()).getFirst().get("message").contains("a sealed message of bob cannot be opened now"), pipe.out());
            assertFalse(pipe.out().contains("unreadable"), pipe.out());
            asking.hold(digest, ann, file);
            Awaitility.await().until(() -> pipe.out().contains("secret 3"));
            bob.request("TELL ann " + SealedText.seal(own.keyPair(), ann.publicKey(), Instant.ofEpochMilli(4), "secret 4"));
            Awaitility.await().until(() -> pipe.out().contains("secret 4"));
            typed.close();
            assertEquals(0, status.get(), pipe.err());
            assertEquals(List.of("for all", "secret 1", "secret 2", "secret 3", "secret 4"),
                    ofType("direct", pipe.out()).stream().map(direct -> direct.get("text")).toList());
        }
    }

    /// The thread that reads the connection would hold the session meanwhile, and its keepalives.
    @Test
    void aFileOfPeopleThatAnotherProcessHoldsHoldsUpSealedMessagesOnly() throws Exception {
        Path people = folder.resolve("people");
        Terminal pipe = pipe();
        pipe.environment.put("CIPHERLINK_CLIENT_KNOWN_PEOPLE", people.toString());
        var released = new CompletableFuture<List<String>>();
        CompletableFuture<?> holding = CompletableFuture.runAsync(() ->
                assertDoesNotThrow(() -> new KeyListFile(people).update(_ -> released.join())), Thread::startVirtualThread);
        var typed = new PipedOutputStream();
        var stdin = new PipedInputStream(typed);
        CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> pipe.runWith(stdin, jsonChat("#json")));
        try (Client bob = client("bob"); Identity own = Identity.load(folder.resolve("bob"), PassphraseSource.none());
                Identity ann = Identity.load(folder.resolve("ann"), PassphraseSource.none())) {
            bob.request("JOIN #json");
            Awaitility.await().until(() -> bob.request("WHO #json").text().contains("ann"));
            bob.request("TELL ann " + SealedText.seal(own.keyPair(), ann.publicKey(), Instant.now(), "secret"));
            bob.request("SAY #json for all");
            Awaitility.await().until(() -> pipe.out().contains("for all"));
            assertEquals(List.of(), ofType("direct", pipe.out()));
            released.complete(List.of());
            typed.close();
            assertEquals(0, status.get(), pipe.err());
            assertEquals("secret", ofType("direct", pipe.out()).getFirst().get("text"), "shown before the end");
            holding.get();
        }
    }

    private String[] jsonChat(String... options) {
        List<String> args = new ArrayList<>(List.of("--json"));
        args.addAll(List.of(chat(options)));
        return args.toArray(String[]::new);
    }

    /// Issue 14.7: a program that listens had no way to go on behind what it had seen.
    @Test
    void sinceShowsAllThatWasSaidAfterAMessageOnceAndThenGoesOnAfterStdinHasEnded() throws Exception {
        try (Client bob = client("bob")) {
            bob.request("JOIN #bot");
            long first = 0;
            for (int i = 1; i <= 30; i++) {
                String stored = bob.request("SAY #bot line " + i).text();
                first = i == 5 ? Long.parseLong(stored.strip().substring(3)) : first;
            }
            Terminal pipe = pipe();
            String[] args = jsonChat("#bot", "--since", String.valueOf(first), "--no-reconnect");
            CompletableFuture<Integer> status = CompletableFuture.supplyAsync(() -> pipe.runWith(new byte[0], args));
            Awaitility.await().until(() -> pipe.out().contains("line 30"));
            bob.request("SAY #bot and more");
            Awaitility.await().until(() -> pipe.out().contains("and more"));

            List<String> said = ofType("message", pipe.out()).stream().map(message -> message.get("text")).toList();
            List<String> wanted = new ArrayList<>(IntStream.rangeClosed(6, 30).mapToObj(i -> "line " + i).toList());
            wanted.add("and more");
            assertEquals(wanted, said);
            assertFalse(status.isDone());
            server.close();
            assertEquals(3, status.get());
        }
    }

    @Test
    void sinceThatIsNoNumberIsRefusedBeforeConnecting() {
        Terminal pipe = pipe();

        assertEquals(2, pipe.run(chat("#bot", "--since", "yesterday")));
        assertTrue(pipe.err().contains("--since: not the number of a message: yesterday"), pipe.err());
        assertEquals(2, pipe.run(chat("--since", "0")));
        assertTrue(pipe.err().contains("--since needs a room"), pipe.err());
    }
}
