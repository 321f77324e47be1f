package dev.cipherlink.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.NoiseChannel.NoiseHandshake;
import dev.cipherlink.channel.NoiseChannel.NoiseHandshake.Responder;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.message.Syn.SynAck;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.session.SessionHandshake;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A server whose key the client knows, and which breaks the rules of listeners.
class HostileServerIT {

    private static final int OPEN = 1;
    private static final int OPENED = 2;
    private static final int REFUSED = 3;
    private static final int DATA = 4;
    private static final int RESET = 6;

    private final Identity identity = Identity.generate();
    private final Identity ann = Identity.generate();
    private ServerSocket listener;
    private ServerSocket target;
    private TunnelClient client;
    /// What the client asks for is answered by the test.
    private CompletableFuture<RemoteForward> listening;
    private Socket socket;
    private NoiseChannel channel;
    private ByteBuffer received = ByteBuffer.allocate(0);

    @BeforeEach
    void start() throws Exception {
        listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        listener.setSoTimeout(60_000);
        target = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        target.setSoTimeout(60_000);
        var credentials = new Credentials.Personal(ann, new PinnedHostKey(identity.publicKey().fingerprint()), Suite.AES_GCM);
        client = new TunnelClient(ClientConfig.to("127.0.0.1", listener.getLocalPort(), credentials)
                .withTimes(Duration.ofSeconds(60), Duration.ofSeconds(60)), 0);
        ForwardEvents events = (_, _) -> { };
        listening = CompletableFuture.supplyAsync(() -> {
            try {
                return client.listenRemotely(ForwardSpec.parseRemote("8080:127.0.0.1:" + target.getLocalPort()),
                        new ForwardListener.Config(null, ForwardLimits.DEFAULT, Optional.empty(), events));
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }, Thread::startVirtualThread);
        socket = listener.accept();
        socket.setSoTimeout(60_000);
        channel = NoiseHandshake.accept(new PacketReader(socket.getInputStream()), new PacketWriter(socket.getOutputStream()),
                new Responder(Set.of(Suite.AES_GCM), identity.keyPair())).channel();
        SessionHandshake.accept(channel, (syn, id) -> new SynAck.Granted(id, syn.wishes(), "ann"));
        expect(OPEN, 1);
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        socket.close();
        listener.close();
        target.close();
        identity.close();
        ann.close();
    }

    private void send(int type, int number, String text) throws IOException {
        byte[] bytes = text.getBytes(US_ASCII);
        var frame = ByteBuffer.allocate(7 + bytes.length).put((byte) type).putInt(number);
        if (type != OPENED) {
            frame.putShort((short) bytes.length).put(bytes);
        }
        int offset = channel.reserveStream(frame.position());
        System.arraycopy(frame.array(), 0, channel.reserved(), offset, frame.position());
        channel.sendStream(frame.position());
    }

    /// Reads what the client says up to this frame.
    private void expect(int type, int number) throws IOException {
        while (true) {
            while (!received.hasRemaining()) {
                int bytes = channel.receiveStream();
                received = ByteBuffer.wrap(channel.received().clone(), 0, bytes);
            }
            int found = received.get();
            if (found > 8) {
                continue; // of the link
            }
            if (found == 8) {
                received.getLong();
                continue;
            }
            int of = received.getInt();
            if (found == OPEN || found == REFUSED || found == DATA) {
                int size = received.getShort() & 0xffff;
                received.position(received.position() + size);
            } else if (found == 7) {
                received.getInt();
            }
            if (of == number && found != 7) {
                assertEquals(type, found, "of channel " + number);
                return;
            }
        }
    }

    @Test
    void itReachesTheTargetThroughAListenerOnlyWhileThatIsOne() throws Exception {
        send(OPEN, 2, "1 -");
        expect(REFUSED, 2);
        send(OPENED, 1, "");
        send(DATA, 1, "127.0.0.1:8080\n");
        send(OPEN, 4, "1 -");
        expect(OPENED, 4);
        target.accept().close();
        for (String other : new String[] {"3 -", " -", "127.0.0.1:" + target.getLocalPort()}) {
            send(OPEN, 6, other);
            expect(REFUSED, 6);
        }
        listening.get(60, TimeUnit.SECONDS).close();
        expect(RESET, 1);
        send(OPEN, 8, "1 -");
        expect(REFUSED, 8);
    }

    /// The line had no limit, and the client kept the listener that it had given up.
    @Test
    void anAddressWithoutEndIsRefused() throws Exception {
        send(OPENED, 1, "");
        send(DATA, 1, "1".repeat(10_000));
        expect(RESET, 1);
        assertIsRefused();
    }

    @Test
    void anAddressThatATerminalWouldObeyIsRefused() throws Exception {
        send(OPENED, 1, "");
        send(DATA, 1, "\33[2J\n");
        expect(RESET, 1);
        assertIsRefused();
    }

    private void assertIsRefused() throws Exception {
        try {
            throw new AssertionError("it listens: " + listening.get(60, TimeUnit.SECONDS).name());
        } catch (ExecutionException e) {
            assertTrue(e.getMessage().contains("does not say on which address it listens"), e.getMessage());
        }
    }
}
