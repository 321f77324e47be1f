package dev.cipherlink.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The entry of Jazzer, for one target: `./mvnw -Pfuzz test-compile exec:exec -Dfuzz=command.CommandFuzz -Dfuzz.seconds=600`.
public final class Fuzzing {
    private static final String PACKAGE = "dev.cipherlink.";

    private static FuzzTarget target;

    private Fuzzing() {
    }

    /// @param name the class without `dev.cipherlink.`, such as `command.CommandFuzz`
    static FuzzTarget target(String name) throws ReflectiveOperationException {
        return (FuzzTarget) Class.forName(PACKAGE + name).getConstructor().newInstance();
    }

    /// Makes the target of the property `cipherlink.fuzz`, and adds its seeds to the corpus in the folder of the property
    /// `cipherlink.fuzz.corpus`, which libFuzzer reads after that.
    public static void fuzzerInitialize() throws ReflectiveOperationException, IOException {
        target = target(System.getProperty("cipherlink.fuzz"));
        Path corpus = Files.createDirectories(Path.of(System.getProperty("cipherlink.fuzz.corpus")));
        byte[][] seeds = target.seeds();
        for (int i = 0; i < seeds.length; i++) {
            Files.write(corpus.resolve("seed-" + i), seeds[i]);
        }
    }

    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        target.accepts(input);
    }
}
