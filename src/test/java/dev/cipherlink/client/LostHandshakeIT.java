package dev.cipherlink.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.channel.NoiseChannel.NoiseHandshake;
import dev.cipherlink.channel.PacketReader;
import dev.cipherlink.channel.PacketReader.PacketLimits;
import dev.cipherlink.channel.PacketWriter;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.noise.Suite;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A server that was killed during a client's first handshake was taken for one that refuses the client's key: the user was
/// told to have the key authorized.
class LostHandshakeIT {

    /// How far the server comes before it ends.
    enum Stage {
        ACCEPTED, MESSAGE_1_READ, MESSAGE_3_READ
    }

    private final Identity identity = Identity.generate();
    private final Identity serverIdentity = Identity.generate();
    private ServerSocket listener;

    @BeforeEach
    void listen() throws IOException {
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
        identity.close();
        serverIdentity.close();
    }

    private ClientConfig config(Credentials credentials) {
        return ClientConfig.to("127.0.0.1", listener.getLocalPort(), credentials)
                .withTimes(Duration.ofSeconds(20), Duration.ofSeconds(10));
    }

    private ClientConfig personal(Suite suite) {
        return config(new Credentials.Personal(identity,
                new PinnedHostKey(serverIdentity.publicKey().fingerprint()), suite));
    }

    private ClientConfig personal() {
        return personal(Suite.AES_GCM);
    }

    private interface Life {
        void of(Socket socket) throws IOException;
    }

    private void serve(Life life) {
        Thread.ofVirtual().start(() -> {
            try (Socket socket = listener.accept()) {
                life.of(socket);
            } catch (IOException e) {
                // The client has gone: its reaction to that is tested.
            }
        });
    }

    private void serveUntil(Stage stage, boolean isReset) {
        serve(socket -> {
            switch (stage) {
                // The first byte says that the client knows of its connection: a reset before that is a connection refused.
                case ACCEPTED -> socket.getInputStream().read();
                case MESSAGE_1_READ -> socket.getInputStream().readNBytes(9 + 1 + 32);
                case MESSAGE_3_READ -> NoiseHandshake.accept(new PacketReader(socket.getInputStream()),
                        new PacketWriter(socket.getOutputStream()),
                        new NoiseHandshake.Responder(Set.of(Suite.values()), serverIdentity.keyPair()));
            }
            if (isReset) {
                socket.setSoLinger(true, 0);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aServerThatEndsIsNotOneThatRefusesAKey(Stage stage) {
        serveUntil(stage, false);
        assertThrows(LostHandshakeException.class, () -> Client.connect(personal()));
    }

    @ParameterizedTest
    @EnumSource
    void norIsAConnectionThatIsReset(Stage stage) {
        serveUntil(stage, true);
        assertThrows(LostHandshakeException.class, () -> Client.connect(personal()));
    }

    /// A server with another shared key reads the packet, and closes without a word.
    @ParameterizedTest
    @CsvSource({"false, dev.cipherlink.client.AuthenticationException", "true, dev.cipherlink.client.LostHandshakeException"})
    void withASharedKeyOnlyAResetSaysNothingAboutIt(boolean isReset, Class<? extends IOException> expected) {
        serve(socket -> {
            new PacketReader(socket.getInputStream()).read(new PacketLimits(1, 24, 16, 4_072));
            if (isReset) {
                socket.setSoLinger(true, 0);
            }
        });
        try (SharedKey key = SharedKey.generate()) {
            assertEquals(expected, assertThrows(IOException.class,
                    () -> Client.connect(config(new Credentials.Shared(key)))).getClass());
        }
    }

    @Test
    void saysWhatItMayBe() {
        serveUntil(Stage.MESSAGE_3_READ, false);
        assertEquals("the server closed the connection during the handshake: it may be stopping, limit connections of this "
                + "address, or serve a shared key only",
                assertThrows(IOException.class, () -> Client.connect(personal())).getMessage());
    }

    /// A server without a word may not accept the suite; its client names the setting, and does not try another one.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "HYBRID_AES_GCM | at the post-quantum handshake: it may be too old for that (client.suites=classic goes to such a server)",
        "AES_GCM | at the classic handshake: it may require the post-quantum one (client.suites=hybrid)"})
    void namesTheSettingWhereTheServerDoesNotAnswer(Suite suite, String expected) {
        serveUntil(Stage.MESSAGE_1_READ, false);
        assertEquals("the server closed the connection " + expected
                + ", be stopping, limit connections of this address, or serve a shared key only",
                assertThrows(LostHandshakeException.class, () -> Client.connect(personal(suite))).getMessage());
    }
}
