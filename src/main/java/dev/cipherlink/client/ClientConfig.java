package dev.cipherlink.client;

import dev.cipherlink.client.HostKeyVerifier.RememberedHostKey;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.noise.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// Where a client connects, as whom, and what it asks for.
///
/// @param host              name or address of the server
/// @param port              1 .. 65,535
/// @param credentials       our key, and how the server's is verified
/// @param isStepByStep      whether the next request is sent when the one before is answered; else as many as the window takes
/// @param windowSize        unanswered requests that the client wishes to have at most; the server may grant less
/// @param clientId          the name to claim; empty for none
/// @param connectTimeout    for connecting and both handshakes together
/// @param keepaliveInterval silence after which the server is asked for a sign of life
/// @param reconnectFor      how long to try to connect again after the connection was lost; zero: not at all
/// @param route             how its connections get to the server
public record ClientConfig(
        String host,
        int port,
        Credentials credentials,
        boolean isStepByStep,
        int windowSize,
        String clientId,
        Duration connectTimeout,
        Duration keepaliveInterval,
        Duration reconnectFor,
        Route route,
        boolean isPadded) {

    /// Version 1, burst mode with the default window, no name, 10 s to connect.
    public static ClientConfig to(String host, int port, SharedKey sharedKey) {
        return to(host, port, new Credentials.Shared(sharedKey));
    }

    /// Burst mode with the default window, no name, 10 s to connect, 10 minutes to connect again.
    public static ClientConfig to(String host, int port, Credentials credentials) {
        return new ClientConfig(host, port, credentials, false, SessionParameters.DEFAULT_WINDOW_SIZE, "",
                Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofMinutes(10), Route.DIRECT, false);
    }

    public ClientConfig withStepByStep(boolean newIsStepByStep) {
        return new ClientConfig(host, port, credentials, newIsStepByStep, windowSize, clientId, connectTimeout, keepaliveInterval,
                reconnectFor, route, isPadded);
    }

    public ClientConfig withWindowSize(int newWindowSize) {
        return new ClientConfig(host, port, credentials, isStepByStep, newWindowSize, clientId, connectTimeout, keepaliveInterval,
                reconnectFor, route, isPadded);
    }

    public ClientConfig withClientId(String newClientId) {
        return new ClientConfig(host, port, credentials, isStepByStep, windowSize, newClientId, connectTimeout, keepaliveInterval,
                reconnectFor, route, isPadded);
    }

    public ClientConfig withTimes(Duration newConnectTimeout, Duration newKeepaliveInterval) {
        return new ClientConfig(host, port, credentials, isStepByStep, windowSize, clientId, newConnectTimeout,
                newKeepaliveInterval, reconnectFor, route, isPadded);
    }

    /// Zero: a lost connection is the end.
    public ClientConfig withReconnect(Duration newReconnectFor) {
        return new ClientConfig(host, port, credentials, isStepByStep, windowSize, clientId, connectTimeout, keepaliveInterval,
                newReconnectFor, route, isPadded);
    }

    public ClientConfig withRoute(Route newRoute) {
        return new ClientConfig(host, port, credentials, isStepByStep, windowSize, clientId, connectTimeout, keepaliveInterval,
                reconnectFor, newRoute, isPadded);
    }

    /// Fills small packets up in both directions, so that their sizes say less, if the server knows how to; in version 2 only.
    public ClientConfig withPadding(boolean newIsPadded) {
        return new ClientConfig(host, port, credentials, isStepByStep, windowSize, clientId, connectTimeout, keepaliveInterval,
                reconnectFor, route, newIsPadded);
    }

    ClientConfig withCredentials(Credentials newCredentials) {
        return new ClientConfig(host, port, newCredentials, isStepByStep, windowSize, clientId, connectTimeout, keepaliveInterval,
                reconnectFor, route, isPadded);
    }

    SessionParameters wishes() {
        return new SessionParameters(isStepByStep ? OperationMode.STEP_BY_STEP : OperationMode.BURST,
                SessionParameters.MAX_MESSAGE_BYTES, isStepByStep ? 1 : windowSize, Checksum.Algorithm.CRC32C);
    }

    /// A client's key, and how it verifies the server's. It chooses the version of the wire; there is no fallback from one
    /// to the other.
    public sealed interface Credentials {

        /// Version 1: a key that both sides hold. The caller closes it, after the client.
        record Shared(SharedKey key) implements Credentials {
        }

        /// Version 2: an identity of our own, and a verdict on the server's.
        ///
        /// @param identity   closed by the caller, after the client
        /// @param serverKeys asked on each connection
        /// @param suite      the only one that is offered: a server that does not accept it is not asked for another
        @SuppressWarnings("exports") // the suite, which users of the module do not choose by hand
        record Personal(Identity identity, HostKeyVerifier serverKeys, Suite suite) implements Credentials {

            /// With the hybrid suite that is fastest on this machine.
            public Personal(Identity identity, HostKeyVerifier serverKeys) {
                this(identity, serverKeys, true);
            }

            /// @param isHybrid whether ML-KEM-768 is added to X25519, which a server of before 2026-11-27 does not know
            public Personal(Identity identity, HostKeyVerifier serverKeys, boolean isHybrid) {
                this(identity, serverKeys, PreferredSuite.ofThisMachine(isHybrid));
            }

            /// Noise's name of what the two ends do.
            public String protocolName() {
                return suite.protocolName();
            }

            /// For many connections to one server.
            Personal rememberingServerKey() {
                return new Personal(identity, new RememberedHostKey(serverKeys), suite);
            }
        }

        /// Which cipher is faster here: AES-GCM where the processor has instructions for AES, which the JVM then uses, else
        /// ChaCha20-Poly1305.
        static final class PreferredSuite {

            /// Linux's description of the processors: the flags of x86 and the features of ARM both name AES.
            private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

            private PreferredSuite() {
            }

            private static final class Cached {
                private static final boolean HAS_AES = hasAesInstructions();
            }

            static Suite ofThisMachine(boolean isHybrid) {
                if (isHybrid) {
                    return Cached.HAS_AES ? Suite.HYBRID_AES_GCM : Suite.HYBRID_CHACHA_POLY;
                }
                return Cached.HAS_AES ? Suite.AES_GCM : Suite.CHACHA_POLY;
            }

            private static boolean hasAesInstructions() {
                try (var lines = Files.lines(PROCESSORS)) {
                    return lines.filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                            .findFirst().map(line -> (line + " ").contains(" aes ")).orElse(true);
                } catch (IOException e) {
                    // Not Linux; every machine of the last decade that runs a JDK 25 elsewhere has them.
                    return true;
                }
            }
        }
    }
}
