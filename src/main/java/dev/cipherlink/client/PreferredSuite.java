package dev.cipherlink.client;

import dev.cipherlink.noise.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Which suite is faster here: AES-GCM where the processor has instructions for AES, which the JVM then uses, else
/// ChaCha20-Poly1305.
final class PreferredSuite {

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
