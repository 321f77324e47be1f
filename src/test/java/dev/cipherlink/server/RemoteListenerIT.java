package dev.cipherlink.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.RemoteForward;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.fault.Ending;
import dev.cipherlink.fault.FaultProxy;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.session.CloseReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Listeners that clients have at the server, and what strangers and hostile clients can do with them.
class RemoteListenerIT {

    private static final int OPEN = 1;
    private static final int OPENED = 2;
    private static final int RESET = 6;

    @TempDir
    Path folder;
    private final Identity ann = Identity.generate();
    private final Identity bob = Identity.generate();
    private final List<IOException> failures = new CopyOnWriteArrayList<>();
    private final List<TunnelClient> clients = new ArrayList<>();
    private PersonalServer server;
    private FaultProxy proxy;
    private ServerSocket target;

    @BeforeEach
    void start() throws IOException {
        authorize("listen=*:*");
        server = PersonalServer.start(AuthorizedKeys.load(folder.resolve("keys")));
        proxy = FaultProxy.to(server.port());
        target = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        target.setSoTimeout(60_000);
    }

    @AfterEach
    void stop() throws IOException {
        clients.forEach(TunnelClient::close);
        target.close();
        proxy.close();
        server.close();
        ann.close();
        bob.close();
    }

    private void authorize(String optionsOfAnn) throws IOException {
        Path edited = Files.createFile(folder.resolve("keys.new"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(edited, List.of(line(ann, "ann operator " + optionsOfAnn), line(bob, "bob listen=localhost:*")));
        Files.move(edited, folder.resolve("keys"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String line(Identity who, String nameAndOptions) {
        return new PublicKeyLine(who.publicKey(), "x").encode().replaceAll(" x$", " " + nameAndOptions);
    }

    private TunnelClient client(Identity who, int port) {
        ClientConfig direct = server.clientConfig(who);
        var client = new TunnelClient(ClientConfig.to("127.0.0.1", port, direct.credentials()).withTimes(Duration.ofSeconds(20), Duration.ofSeconds(10)), 0);
        clients.add(client);
        return client;
    }

    private RemoteForward listen(TunnelClient client, String address) throws IOException {
        ForwardEvents events = (_, cause) -> failures.add(cause);
        return client.listenRemotely(ForwardSpec.parseRemote(address + ":127.0.0.1:" + target.getLocalPort()),
                new ForwardListener.Config(null, ForwardLimits.DEFAULT, Optional.empty(), events));
    }

    private static int portOf(RemoteForward remote) {
        return Integer.parseInt(remote.name().split("[: ]")[1]);
    }

    private static void until(Callable<Boolean> condition) {
        await().pollInterval(Duration.ofMillis(20)).until(condition);
    }

    private static Socket connect(int port) throws IOException {
        var socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(60_000);
        return socket;
    }

    private void echoes(Socket program, Socket accepted) throws IOException {
        accepted.setSoTimeout(60_000);
        program.getOutputStream().write(7);
        assertEquals(7, accepted.getInputStream().read());
        accepted.getOutputStream().write(8);
        assertEquals(8, program.getInputStream().read());
    }

    private static void assertEnded(Socket socket, String why) {
        assertThrows(IOException.class, () -> {
            if (socket.getInputStream().read() < 0) {
                throw new IOException("closed");
            }
        }, why);
    }

    @Test
    void aCutIsAPauseForTheListenerAndForWhatConnects() throws Exception {
        RemoteForward remote = listen(client(ann, proxy.port()), "0");
        int port = portOf(remote);
        try (Socket program = connect(port); Socket accepted = target.accept()) {
            echoes(program, accepted);
            assertEquals(1, server.counter("forwards_in_channels"));
            proxy.refuse();
            proxy.endAll(Ending.RST);
            until(() -> server.counter("channel_sessions_detached") == 1);
            try (Socket meanwhile = connect(port)) {
                meanwhile.getOutputStream().write(42);
                proxy.acceptAgain();
                try (Socket second = target.accept()) {
                    second.setSoTimeout(60_000);
                    assertEquals(42, second.getInputStream().read(), "it has waited");
                }
            }
            echoes(program, accepted);
            program.shutdownOutput();
            assertEquals(-1, accepted.getInputStream().read(), "a half-close");
            accepted.getOutputStream().write(9);
            accepted.shutdownOutput();
            assertEquals(9, program.getInputStream().read());
            assertEquals(-1, program.getInputStream().read());
        }
        until(() -> server.counter("forwards") == 0);
        assertEquals(1, server.counter("forward_listeners"));
        assertTrue(remote.isListening());
        assertEquals(3, server.counter("forwards_bytes_to_targets"), "7, 7 and 42");
        assertEquals(List.of(), failures);
        remote.close();
        until(() -> server.counter("forward_listeners") == 0);
        assertThrows(IOException.class, () -> connect(port).close());
    }

    /// A restarted client has its address at once, though its old session waits; a live one keeps it.
    @Test
    void onlyTheSameKeyTakesAnAddressAndOnlyFromASessionThatWaits() throws Exception {
        int port = portOf(listen(client(ann, proxy.port()), "0"));
        var taken = assertThrows(TargetException.class, () -> listen(client(bob, server.port()), String.valueOf(port)));
        assertEquals(Refusal.IN_USE, taken.refusal());
        assertEquals("localhost:" + port + " is taken by ann", taken.getMessage());
        var own = assertThrows(TargetException.class, () -> listen(client(ann, server.port()), "*:" + port));
        assertEquals("*:" + port + " is taken by another session of your key, whose client is there", own.getMessage());
        proxy.refuse();
        proxy.endAll(Ending.RST);
        until(() -> server.counter("channel_sessions_detached") > 0);
        assertThrows(TargetException.class, () -> listen(client(bob, server.port()), String.valueOf(port)), "it is still ann's");
        try (Socket waiting = connect(port)) {
            RemoteForward again = listen(client(ann, server.port()), String.valueOf(port));
            assertEquals(port, portOf(again));
            assertEquals(1, server.counter("forward_listeners"));
            assertEnded(waiting, "what waited for the old session ends with it");
        }
        try (Socket program = connect(port); Socket accepted = target.accept()) {
            echoes(program, accepted);
        }
    }

    @Test
    void aPermissionThatIsTakenAwayEndsAllAndOneThatIsGivenBackBeginsAgain() throws Exception {
        RemoteForward remote = listen(client(ann, server.port()), "0");
        int port = portOf(remote);
        try (Socket program = connect(port); Socket accepted = target.accept()) {
            echoes(program, accepted);
            authorize("forward=127.0.0.1:1");
            until(() -> server.counter("forward_listeners") == 0 && server.counter("forwards") == 0);
            assertEnded(program, "it had its permission from the line");
        }
        until(() -> failures.stream().anyMatch(failure -> failure instanceof TargetException refused && refused.refusal() == Refusal.NOT_ALLOWED));
        assertFalse(remote.isListening());
        assertThrows(IOException.class, () -> connect(port).close());
        authorize("listen=*:*");
        until(remote::isListening);
        try (Socket program = connect(portOf(remote)); Socket accepted = target.accept()) {
            echoes(program, accepted);
        }
    }

    /// Strangers that connect and say nothing.
    @Test
    void strangersLeaveConnectionsToTheClientItself() throws Exception {
        authorize("listen=localhost:* max-connections=8");
        int port = portOf(listen(client(ann, server.port()), "0"));
        var strangers = new ArrayList<Socket>();
        try {
            for (int i = 0; i < 20; i++) {
                strangers.add(connect(port));
            }
            // A connection, the listener and four of them leave two.
            until(() -> server.counter("forwards_refused") == 16);
            until(() -> server.counter("forwards") == 4);
            try (var own = Client.connect(server.clientConfig(ann))) {
                assertEquals("PONG", own.request("PING").text());
            }
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
        for (int i = 0; i < 4; i++) {
            target.accept().close();
        }
        until(() -> server.server().quota.of(ann.publicKey()) == 2);
        try (Socket program = connect(port); Socket accepted = target.accept()) {
            echoes(program, accepted);
        }
    }

    /// The answer to a program of a proxy came with a reset, which may overtake it.
    @Test
    void aProgramThatTheProxyRefusesHasItsAnswerBeforeTheEnd() throws Exception {
        ForwardEvents events = (_, cause) -> failures.add(cause);
        RemoteForward proxyPort = client(ann, server.port()).listenRemotely(ForwardSpec.parseRemote("0"),
                new ForwardListener.Config(null, ForwardLimits.DEFAULT, Optional.empty(), events));
        try (Socket program = connect(portOf(proxyPort))) {
            program.getOutputStream().write(new byte[] {5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0});
            assertArrayEquals(new byte[] {5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0}, program.getInputStream().readAllBytes(), "UDP is not served");
        }
        assertTrue(failures.toString().contains("UDP"), failures.toString());
        until(() -> server.counter("forwards") == 0);
    }

    /// Each had a line on the client's stderr, so that strangers at the server could fill the client's disk.
    @Test
    void strangersCauseSomeLinesAMinuteAtTheClient() throws Exception {
        int port = portOf(listen(client(ann, server.port()), "0"));
        target.close();
        int strangers = 100;
        for (int i = 0; i < strangers; i++) {
            connect(port).close();
        }
        until(() -> server.counter("forwards_refused") == strangers);
        assertTrue(!failures.isEmpty() && failures.size() < strangers, failures.size() + " lines, 10 a minute");
    }

    private static byte[] open(int number, String text) {
        byte[] bytes = text.getBytes(US_ASCII);
        return ByteBuffer.allocate(7 + bytes.length).put((byte) OPEN).putInt(number).putShort((short) bytes.length).put(bytes).array();
    }

    private RawNoisePeer peer(Identity who) throws IOException {
        var peer = new RawNoisePeer(server.connect(), who.keyPair()).shakeHands();
        peer.send(MessageType.SYN, 0, "{\"operation_mode\":\"channels\",\"max_packet_size\":65519,\"window_size\":1}");
        var granted = (SynAck.Granted) HandshakeJson.decodeSynAck(peer.receive().payload());
        peer.send(MessageType.ACK, 0, "{\"session_id\":\"" + granted.sessionId() + "\"}");
        return peer;
    }

    @Test
    void aKeyHasSoManyListenersAndTheyEndWithItsSession() throws Exception {
        try (RawNoisePeer peer = peer(bob)) {
            for (int i = 0; i < 500; i++) {
                peer.sendStream(open(2 * i + 1, "listen localhost:0"));
            }
            until(() -> server.counter("forward_listeners") == RemoteListeners.MAX_PER_KEY && server.server().quota.of(bob.publicKey())
                    == 1 + RemoteListeners.MAX_PER_KEY);
            peer.sendStream(open(2_001, "listen localhost:0"));
            peer.sendStream(open(2_003, "listen db.internal:80"));
            peer.sendStream(open(2_005, "listen "));
            peer.sendStream(new byte[] {11});
            until(() -> server.counter("forward_listeners") == 0 && server.server().quota.of(bob.publicKey()) == 0);
        }
    }

    /// Each one that ended before it was bound stayed counted, and after 32 the key had none any more.
    @Test
    void listenersThatEndAsTheyBeginAreNotCountedForEver() throws Exception {
        try (RawNoisePeer peer = peer(bob)) {
            int pairs = 2 * RemoteListeners.MAX_PER_KEY;
            var cancelled = new ByteArrayOutputStream();
            for (int i = 0; i < pairs; i++) {
                byte[] open = open(2 * i + 1, "listen localhost:0");
                cancelled.write(open);
                cancelled.write(ByteBuffer.allocate(5).put((byte) RESET).putInt(2 * i + 1).array());
            }
            peer.sendStream(cancelled.toByteArray());
            until(() -> server.server().quota.of(bob.publicKey()) == 1);
            for (int i = 0; i < RemoteListeners.MAX_PER_KEY; i++) {
                peer.sendStream(open(2 * (pairs + i) + 1, "listen localhost:0"));
            }
            until(() -> server.counter("forward_listeners") == RemoteListeners.MAX_PER_KEY);
        }
    }

    /// It waited for its client, with its listeners, though nothing was left that could serve it.
    @Test
    void aSessionWhoseThreadFailsEndsWithItsListeners() throws Exception {
        try (RawNoisePeer peer = peer(bob); SocketChannel program = SocketChannel.open(target.getLocalSocketAddress())) {
            peer.sendStream(open(1, "listen localhost:0"));
            until(() -> server.counter("forward_listeners") == 1);
            server.live().getFirst().channels().open("1 -", new ForwardedChannel.Listener() {
                @Override
                public void opened() {
                    throw new IllegalStateException("by the test");
                }

                @Override
                public void refused(Refusal refusal, String reason) {
                    // Not here.
                }

                @Override
                public void ended(RelayEnd end) {
                    // With the session.
                }
            }, program);
            String frames = "";
            while (!frames.contains("\1\0\0\0\2")) {
                frames += new String(peer.receiveStream(), ISO_8859_1);
            }
            peer.sendStream(ByteBuffer.allocate(5).put((byte) OPENED).putInt(2).array());
            until(() -> server.ended(CloseReason.INTERNAL_ERROR) == 1);
            assertEquals(0, server.counter("forward_listeners"));
            assertEquals(0, server.counter("channel_sessions_detached"));
            until(() -> server.server().quota.of(bob.publicKey()) == 0);
        }
    }

    /// A client that has a listener and answers nothing.
    @Test
    void whatWaitsForTheClientIsBounded() throws Exception {
        var strangers = new ArrayList<Socket>();
        try (RawNoisePeer peer = peer(bob)) {
            int port;
            try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
            }
            peer.sendStream(open(1, "listen 127.0.0.1:" + port));
            until(() -> server.counter("forward_listeners") == 1);
            for (int i = 0; i < 2 * RemoteListener.MAX_WAITING; i++) {
                strangers.add(connect(port));
            }
            int most = 2 + RemoteListener.MAX_WAITING;
            until(() -> server.server().quota.of(bob.publicKey()) == most);
            peer.sendStream(open(3, "listen 127.0.0.1:" + port));
            until(() -> server.server().quota.of(bob.publicKey()) == most);
            assertEquals(0, server.counter("forwards"));
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }
}
