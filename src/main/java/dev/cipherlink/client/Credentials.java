package dev.cipherlink.client;

import dev.cipherlink.client.HostKeyVerifier.RememberedHostKey;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.noise.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How a client proves who it is, and finds out who the server is. It chooses the version of the wire; there is no
/// falling back from the one to the other.
public sealed interface Credentials {

    /// Version 1: a key that both sides hold. Whoever made the key closes it, not before the client.
    record Shared(SharedKey key) implements Credentials {
    }

    /// Version 2: an identity of our own, and a verdict on the server's.
    ///
    /// @param identity   closed by whoever made it, not before the client
    /// @param serverKeys asked on each connection
    /// @param suite      the cipher of the connection; the server supports all
    record Personal(Identity identity, HostKeyVerifier serverKeys, Suite suite) implements Credentials {

        /// With the suite that is fastest on this machine.
        public Personal(Identity identity, HostKeyVerifier serverKeys) {
            this(identity, serverKeys, PreferredSuite.ofThisMachine());
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

    /// Which suite is faster here: AES-GCM where the processor has instructions for AES, which the JVM then uses, else
    /// ChaCha20-Poly1305.
    static final class PreferredSuite {

        /// What Linux tells of the processors: the flags of x86 and the features of ARM both name AES.
        private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

        private PreferredSuite() {
        }

        private static final class Cached {
            private static final Suite SUITE = hasAesInstructions() ? Suite.AES_GCM : Suite.CHACHA_POLY;
        }

        static Suite ofThisMachine() {
            return Cached.SUITE;
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
