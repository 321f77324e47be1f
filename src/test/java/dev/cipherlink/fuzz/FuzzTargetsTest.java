package dev.cipherlink.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every fuzz target on its seeds, on the inputs of earlier findings, and on seeded damage of both: a failure shows itself again.
class FuzzTargetsTest {
    private static final Path SOURCES = Path.of("src", "test", "java", "dev", "cipherlink");
    /// A folder for each target, such as `command.CommandFuzz`.
    private static final Path FINDINGS = Path.of("src", "test", "resources", "fuzz");
    private static final int MAX_STEPS = 3;

    static List<String> targets() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.map(file -> SOURCES.relativize(file).toString()).filter(name -> name.endsWith("Fuzz.java")).sorted()
                    .map(name -> name.substring(0, name.length() - ".java".length()).replace('/', '.')).toList();
        }
    }

    private static List<byte[]> findings(String name) throws IOException {
        var inputs = new ArrayList<byte[]>();
        if (Files.isDirectory(FINDINGS.resolve(name))) {
            try (Stream<Path> files = Files.list(FINDINGS.resolve(name))) {
                for (Path file : files.sorted().toList()) {
                    inputs.add(Files.readAllBytes(file));
                }
            }
        }
        return inputs;
    }

    private static boolean accepts(FuzzTarget target, byte[] input) {
        byte[] before = input.clone();
        try {
            boolean isAccepted = target.accepts(input);
            assertEquals(HexFormat.of().formatHex(before), HexFormat.of().formatHex(input), "the input was changed");
            return isAccepted;
        } catch (Exception | AssertionError e) {
            throw new AssertionError(e + " on " + HexFormat.of().formatHex(before), e);
        }
    }

    @ParameterizedTest
    @MethodSource("targets")
    void keepsItsPromises(String name) throws Exception {
        FuzzTarget target = Fuzzing.target(name);
        var inputs = new ArrayList<>(List.of(target.seeds()));
        inputs.addAll(findings(name));
        boolean isAnySeedGood = false;
        for (byte[] input : inputs) {
            isAnySeedGood |= accepts(target, input);
        }
        assertTrue(isAnySeedGood, "all seeds are refused");
        byte[][] samples = inputs.toArray(byte[][]::new);
        var damage = new Damage(name.hashCode());
        int accepted = 0;
        int rounds = Damage.rounds(target.rounds());
        for (int round = 0; round < rounds; round++) {
            accepted += accepts(target, round % 8 == 0 ? damage.noise(40) : damage.of(samples, MAX_STEPS)) ? 1 : 0;
        }
        assertTrue(accepted > rounds / 20, accepted + " accepted");
        assertTrue(target.isTotal() ? accepted == rounds : accepted < rounds - rounds / 20, accepted + " accepted");
    }

    @Test
    void findingsBelongToTargets() throws IOException {
        if (Files.isDirectory(FINDINGS)) {
            try (Stream<Path> folders = Files.list(FINDINGS)) {
                List<String> names = targets();
                assertEquals(List.of(), folders.map(folder -> folder.getFileName().toString()).filter(name -> !names.contains(name)).toList());
            }
        }
    }
}
