package dev.cipherlink.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.agent.AgentClient.AgentException;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.peer.OtherUser;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The agent over its real socket, with good, bad, dead and foreign peers.
class AgentTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private static final Identity OWN = Identity.generate();

    @TempDir
    private static Path saved;

    @TempDir
    Path folder;
    private Path socket;
    private Path file;
    private byte[] digest;

    /// Once: to derive a key from a passphrase is slow on purpose.
    @BeforeAll
    static void saveAKeyWithAPassphrase() throws IOException {
        OWN.save(saved.resolve("key"), "open sesame".toCharArray(), false);
    }

    @AfterAll
    static void closeTheKey() {
        OWN.close();
    }

    @BeforeEach
    void copyTheKey() throws IOException {
        socket = folder.resolve("run/agent");
        file = Files.copy(saved.resolve("key"), folder.resolve("key"));
        digest = Identity.sealedDigest(file).orElseThrow();
    }

    private AgentClient client() {
        return new AgentClient(socket);
    }

    private AgentClient unlocked() throws IOException {
        client().hold(digest, OWN, file);
        return client();
    }

    @Test
    void computesWithAKeyThatItDoesNotGiveOut() throws IOException {
        try (var _ = Agent.open(socket, HOUR); var peer = KeyPair.generate()) {
            assertEquals(Optional.empty(), client().identity(digest));
            try (Identity held = unlocked().identity(digest).orElseThrow()) {
                assertEquals(OWN.publicKey(), held.publicKey());
                assertArrayEquals(OWN.keyPair().dh(peer.publicKey()), held.keyPair().dh(peer.publicKey()));
                assertArrayEquals(peer.dh(OWN.keyPair().publicKey()), held.keyPair().dh(peer.publicKey()));
                assertThrows(ProtocolException.class, () -> held.keyPair().dh(new byte[32]), "a low-order point");
                assertThrows(IllegalStateException.class, () -> held.save(folder.resolve("copy"), null, false));
                assertThrows(IllegalStateException.class, () -> held.lendSecret(_ -> { }));
            }
            assertTrue(client().identity(digest).isPresent(), "closing an identity leaves the key to others");
            assertFalse(client().identity(new byte[32]).isPresent());
        }
    }

    @Test
    void anotherPassphraseOfTheSameKeyIsAnotherFile() throws IOException {
        OWN.save(file, "close sesame".toCharArray(), true);
        assertFalse(Arrays.equals(digest, Identity.sealedDigest(file).orElseThrow()));
        OWN.save(file, null, true);
        assertEquals(Optional.empty(), Identity.sealedDigest(file));
    }

    @Test
    void listsAndForgets() throws IOException {
        try (var _ = Agent.open(socket, HOUR)) {
            unlocked();
            var keys = unlocked().list();
            assertEquals(1, keys.size());
            assertEquals(OWN.publicKey().fingerprint().toString(), keys.getFirst().fingerprint());
            assertEquals(file.toString(), keys.getFirst().file());
            assertTrue(keys.getFirst().left().toSeconds() > 3_500 && keys.getFirst().left().compareTo(HOUR) <= 0, keys.toString());
            Identity held = client().identity(digest).orElseThrow();
            assertEquals(1, client().lock());
            assertEquals(List.of(), client().list());
            assertTrue(assertThrows(AgentException.class, () -> held.keyPair().dh(OWN.keyPair().publicKey())).getMessage()
                    .endsWith("it does not hold the key any more"));
        }
    }

    @Test
    void aNameWithLineEndsIsOneLine() throws IOException {
        try (var _ = Agent.open(socket, HOUR)) {
            client().hold(digest, OWN, folder.resolve("a\rb\nc"));
            assertEquals(List.of(folder.resolve("a?b?c").toString()), client().list().stream().map(AgentClient.HeldKey::file).toList());
        }
    }

    @Test
    void forgetsAKeyWhenItsTimeIsOver() throws IOException {
        try (var _ = Agent.open(socket, Duration.ofSeconds(2))) {
            Identity held = unlocked().identity(digest).orElseThrow();
            Awaitility.await().until(() -> client().list().isEmpty());
            assertThrows(AgentException.class, () -> held.keyPair().dh(held.keyPair().publicKey()));
        }
    }

    @Test
    void holdsSixtyFourKeysAndNoMore() throws IOException {
        try (var _ = Agent.open(socket, HOUR)) {
            for (int i = 0; i < 64; i++) {
                client().hold(ByteBuffer.allocate(32).put(0, (byte) i).array(), OWN, file);
            }
            client().hold(new byte[32], OWN, file); // again
            byte[] more = ByteBuffer.allocate(32).put(0, (byte) 64).array();
            assertTrue(assertThrows(AgentException.class, () -> client().hold(more, OWN, file)).getMessage().contains("holds 64 keys"));
            assertEquals(64, client().lock());
        }
    }

    @Test
    void itsFilesArePrivateAndGoWithIt() throws Exception {
        var agent = Agent.open(socket, HOUR);
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket.getParent())));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        client().stop();
        agent.await();
        agent.close();
        assertFalse(Files.exists(socket));
        assertTrue(assertThrows(AgentException.class, () -> client().list()).getMessage().endsWith("no agent is running at " + socket));
        assertEquals(Optional.empty(), client().identity(digest));
    }

    @Test
    void listensWhereItMayOnly() throws IOException {
        try (var _ = Agent.open(socket, HOUR)) {
            assertTrue(refusal(socket).contains("an agent is running already at " + socket));
        }
        Files.writeString(socket, "a file of the user");
        assertTrue(refusal(socket).contains(socket + " is there, and is no socket"));
        assertEquals("a file of the user", Files.readString(socket));
        assertTrue(refusal(folder.resolve("x".repeat(100))).contains("name a shorter one in agent.socket"));
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertTrue(refusal(open.resolve("agent")).contains("others may open the folder " + open));
        assertEquals(List.of(), Files.list(open).toList());
    }

    private static String refusal(Path at) {
        return assertThrows(IOException.class, () -> Agent.open(at, HOUR).close()).getMessage();
    }

    private ServerSocketChannel listener() throws IOException {
        Files.createDirectories(socket.getParent(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
    }

    @Test
    void aDeadAgentIsNone() throws IOException {
        listener().close();
        assertTrue(Files.exists(socket, LinkOption.NOFOLLOW_LINKS), "as kill -9 leaves it");
        assertEquals(Optional.empty(), client().identity(digest));
        assertTrue(assertThrows(AgentException.class, () -> client().list()).getMessage().startsWith("no agent is running"));
        try (var _ = Agent.open(socket, HOUR)) {
            assertEquals(List.of(), client().list());
        }
    }

    @Test
    void anAgentThatIsStoppedHoldsNobodyUp() throws IOException {
        try (var _ = listener()) {
            assertEquals("the agent at " + socket + " does not answer",
                    assertThrows(AgentException.class, () -> client().list()).getMessage());
        }
    }

    @Test
    void answersOfAnotherProgramAreRefused() throws IOException {
        try (var listener = listener()) {
            Thread.startVirtualThread(() -> {
                while (true) {
                    try (var peer = listener.accept()) {
                        peer.write(StandardCharsets.US_ASCII.encode("HTTP/1.1 400 Bad Request\r\n"));
                        peer.read(ByteBuffer.allocate(100));
                    } catch (IOException _) {
                        return;
                    }
                }
            });
            assertTrue(assertThrows(AgentException.class, () -> client().list()).getMessage().endsWith("answers in another protocol"));
        }
    }

    private byte[] said(int... bytes) throws IOException {
        try (var peer = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            var request = ByteBuffer.allocate(bytes.length);
            for (int each : bytes) {
                request.put((byte) each);
            }
            peer.write(request.flip());
            peer.shutdownOutput();
            return Channels.newInputStream(peer).readAllBytes();
        } catch (SocketException _) { // closed with bytes unread
            return new byte[0];
        }
    }

    @Test
    void badRequestsDoNoHarm() throws IOException {
        try (var _ = Agent.open(socket, HOUR)) {
            unlocked();
            for (int[] request : new int[][] {{2, 3, 0, 0, 0, 0}, {1, 6, 0, 0, 0, 0}, {1, -1, 0, 0, 0, 0}, {1, 0, 127, 0, 0, 0}, {1, 0, -1, 0, 0, 0}}) {
                assertEquals(AgentClient.REFUSED, said(request)[0]);
            }
            for (int[] request : new int[][] {{}, {1}, {1, 0, 0, 0, 0, 64}, {1, 0, 0, 0, 0, 3, 1, 2, 3}, {1, 1, 0, 0, 0, 1, 7}, {1, 2, 0, 0, 0, 33},
                    {1, 2, 0, 0, 0, 31}}) {
                assertEquals(0, said(request).length);
            }
            assertEquals(1, client().list().size());
        }
    }

    /// The same user fills the places, by mistake: they are free again after five seconds.
    @Test
    @Tag("slow")
    void silentConnectionsEnd() throws IOException {
        var silent = new ArrayList<SocketChannel>();
        try (var _ = Agent.open(socket, HOUR)) {
            for (int i = 0; i < 80; i++) {
                silent.add(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
            }
            Awaitility.await().ignoreExceptions().until(() -> client().list().isEmpty());
        } finally {
            for (SocketChannel each : silent) {
                each.close();
            }
        }
    }

    /// Even if modes let it through: the kernel says who is at the other end.
    @Test
    void anotherUserGetsNothing() throws Exception {
        OtherUser.assume();
        Path shared = Files.createTempDirectory(Path.of("/tmp"), "agent");
        socket = shared.resolve("agent");
        String connect = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('" + socket
                + "'); s.sendall(bytes([1, 3, 0, 0, 0, 0])); print(s.recv(100))";
        try (var _ = Agent.open(socket, HOUR)) {
            assertTrue(asOther(connect).contains("PermissionError"));
            Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
            String answer = asOther(connect);
            assertTrue(answer.equals("b''\n") || answer.contains("ConnectionResetError") || answer.contains("BrokenPipeError"), answer);
        }
        OtherUser.own(shared);
        assertTrue(assertThrows(IOException.class, () -> Agent.open(socket, HOUR)).getMessage().contains(OtherUser.ownerOf(shared)));
        Files.createFile(socket);
        assertTrue(assertThrows(AgentException.class, () -> client().list()).getMessage().contains(OtherUser.ownerOf(shared)));
        Files.delete(socket);
        Files.deleteIfExists(shared.resolve("agent.lock"));
        Files.delete(shared);
    }

    private static String asOther(String program) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(OtherUser.command("python3", "-c", program)).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
