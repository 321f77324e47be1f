package dev.cipherlink.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The runtime image as people get it: started from elsewhere, with nothing in the environment, and looked through.
class ImageIT {
    private static final Path IMAGE = Path.of("target/cipherlink").toAbsolutePath();
    private static final long LARGEST_IMAGE_BYTES = 75_000_000;
    /// Makes the JVM fail instead of starting without its AOT cache.
    private static final Map<String, String> CACHE_OR_FAIL = Map.of("CIPHERLINK_JAVA_OPTS", "-XX:AOTMode=on");

    @TempDir
    Path elsewhere;

    record Result(int status, String stdout, String stderr) {
        void requireVersion() {
            assertEquals("", stderr);
            assertEquals(0, status);
            assertTrue(stdout.matches("cipherlink \\d+\\.\\d+\\.\\d+.*\n"), stdout);
        }
    }

    @Test
    void needsNothingFromTheEnvironment() throws Exception {
        run(IMAGE.resolve("bin/cipherlink"), Map.of(), "--version").requireVersion();
    }

    @Test
    void printsNothingOfTheJvmWhenTheEnvironmentHoldsJavaOptions() throws Exception {
        run(IMAGE.resolve("bin/cipherlink"), Map.of("JAVA_TOOL_OPTIONS", "-Da=b", "JDK_JAVA_OPTIONS", "-Da=b",
                "_JAVA_OPTIONS", "-Da=b", "CLASSPATH", "/nowhere"), "--version").requireVersion();
    }

    /// One command of each set of JVM options.
    @ParameterizedTest
    @ValueSource(strings = {"kv", "serve", "chat"})
    void startsFromItsAotCache(String command) throws Exception {
        Result result = run(IMAGE.resolve("bin/cipherlink"), CACHE_OR_FAIL, command, "--help");

        assertEquals("", result.stderr);
        assertEquals(0, result.status);
    }

    /// Its reaction to signals needs a module that nothing refers to; options for the JVM must not reach its settings.
    @Test
    void endsWithStatusZeroOnSigterm() throws Exception {
        assertEquals(0, run(IMAGE.resolve("bin/cipherlink"), Map.of(), "keygen", "shared", "key").status);
        Process server = start(IMAGE.resolve("bin/cipherlink"), CACHE_OR_FAIL, "serve", "--port", "0", "--shared-key", "key",
                "--data", "data");
        try {
            String line = server.inputReader().readLine();
            assertTrue(line != null && line.startsWith("listening on 127.0.0.1:"),
                    line + Files.readString(elsewhere.resolve("stderr")));
            Path name = Path.of("/proc/" + server.pid() + "/comm");
            if (Files.exists(name)) {
                assertEquals("cipherlink\n", Files.readString(name), "issue 19: ps and pgrep showed java");
            }

            server.destroy();

            assertTrue(server.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, server.exitValue());
        } finally {
            server.destroyForcibly();
        }
    }

    @Test
    void runsFromAReadOnlyFolderWithASpaceInItsName() throws Exception {
        Path copy = copyOfImage();
        try (Stream<Path> all = Files.walk(copy)) {
            for (Path path : all.toList()) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r-xr-xr-x"));
            }
        }
        try {
            run(copy.resolve("bin/cipherlink"), CACHE_OR_FAIL, "--version").requireVersion();
        } finally {
            try (Stream<Path> all = Files.walk(copy)) {
                for (Path path : all.toList()) {
                    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
        }
    }

    @Test
    void runsWithoutAWordWhenTheAotCacheDoesNotFit() throws Exception {
        Path copy = copyOfImage();
        Path cache = copy.resolve("lib/cipherlink.aot");
        Files.write(cache, Arrays.copyOf(Files.readAllBytes(cache), 100_000));

        run(copy.resolve("bin/cipherlink"), Map.of(), "--version").requireVersion();
        assertNotEquals(0, run(copy.resolve("bin/cipherlink"), CACHE_OR_FAIL, "--version").status);
    }

    @Test
    void startsThroughSymbolicLinks() throws Exception {
        Path second = Files.createDirectories(elsewhere.resolve("bin")).resolve("second");
        Files.createSymbolicLink(second, IMAGE.resolve("bin/cipherlink"));
        Path first = Files.createSymbolicLink(elsewhere.resolve("first"), Path.of("bin/second"));

        try {
            run(first, Map.of("PATH", System.getenv("PATH")), "--version").requireVersion();
        } finally {
            Files.delete(first);
            Files.delete(second); // JUnit warns of links that lead out of its folder
        }
    }

    @Test
    void isSmallerThanItsGoal() throws IOException {
        long bytes = 0;
        for (Path file : files(IMAGE)) {
            bytes += Files.isSymbolicLink(file) ? 0 : Files.size(file);
        }

        assertTrue(bytes < LARGEST_IMAGE_BYTES, bytes + " bytes");
    }

    @Test
    void holdsNoNativeLibrariesInJarsButTheOneThatIsUnpackedForAStore() throws IOException {
        List<String> found = new ArrayList<>();
        for (String entry : jarEntries()) {
            if (entry.matches(".*\\.(so|dll|dylib|jnilib|a)")) {
                found.add(entry);
            }
        }

        assertEquals(1, found.size(), found.toString());
        assertTrue(found.getFirst().contains("rocksdbjni"), found.toString());
        assertEquals(2, files(IMAGE.resolve("lib/native")).size());
    }

    /// Issue 14.28. Libraries are the jars of the class path of which the image has a class; each has a text of its own or in a
    /// folder of which its name begins. Of what is in the native libraries, all parts are named here.
    @Test
    void holdsALicenceTextOfEveryLibrary() throws IOException {
        List<String> entries = jarEntries();
        var texts = entries.stream().filter(entry -> entry.matches("cipherlink\\.jar/META-INF/legal/[^/]+/[^/]+"))
                .map(entry -> entry.split("/")[3]).collect(Collectors.toSet());
        var libraries = new ArrayList<String>();
        for (String jar : System.getProperty("java.class.path").split(File.pathSeparator)) {
            boolean isOurs = Path.of(jar).startsWith(Path.of("target").toAbsolutePath());
            if (jar.endsWith(".jar") && !isOurs && hasAnyClassOf(Path.of(jar), entries)) {
                libraries.add(Path.of(jar).getFileName().toString());
            }
        }

        assertTrue(libraries.size() > 20, libraries::toString);
        assertEquals(List.of(), libraries.stream().filter(jar -> texts.stream().noneMatch(
                text -> jar.equals(text) || jar.startsWith(text + "-"))).toList());
        assertEquals(Set.of("libsodium.so", "libjnidispatch.so"), files(IMAGE.resolve("lib/native")).stream()
                .map(file -> file.getFileName().toString().replace(".dylib", ".so").replace(".jnilib", ".so")).collect(Collectors.toSet()));
        assertTrue(texts.containsAll(List.of("libsodium", "libffi", "lz4", "snappy", "zstd", "zlib", "bzip2")), texts::toString);
    }

    private static boolean hasAnyClassOf(Path jar, List<String> entries) throws IOException {
        try (var zip = new ZipFile(jar.toFile())) {
            return zip.stream().map(ZipEntry::getName).anyMatch(name -> name.endsWith(".class") && !name.endsWith("-info.class")
                    && entries.contains("cipherlink.jar/" + name));
        }
    }

    @Test
    void holdsNoTestCode() throws IOException {
        List<String> found = jarEntries().stream().filter(entry -> entry.matches(
                ".*(Test|IT|TrainingRun)\\.class|.*/org/junit/.*|.*/org/awaitility/.*|.*/com/tngtech/.*")).toList();

        assertEquals(List.of(), found);
    }

    @Test
    void isAlsoAnArchive() throws IOException {
        try (Stream<Path> target = Files.list(IMAGE.getParent())) {
            assertEquals(1, target.filter(each -> each.getFileName().toString()
                    .matches("cipherlink-[0-9].*-(linux|macos)-(x64|aarch64)\\.tar\\.gz")).count());
        }
    }

    private Path copyOfImage() throws IOException {
        Path copy = elsewhere.resolve("a copy");
        try (Stream<Path> all = Files.walk(IMAGE)) {
            for (Path path : all.toList()) {
                Files.copy(path, copy.resolve(IMAGE.relativize(path).toString()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        return copy;
    }

    /// @return the names of all entries of all jars, each behind the name of its jar
    private static List<String> jarEntries() throws IOException {
        List<String> entries = new ArrayList<>();
        for (Path jar : files(IMAGE.resolve("lib/app"))) {
            try (var zip = new ZipFile(jar.toFile())) {
                zip.stream().map(ZipEntry::getName).forEach(name -> entries.add(jar.getFileName() + "/" + name));
            }
        }
        assertFalse(entries.isEmpty());
        return entries;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    /// Issue 14.10: for a user without an entry in passwd the JVM's home is `?`, and JNA made a folder of that name in the working
    /// folder.
    @Test
    void leavesNothingBehindForAUserWithoutAHome() throws Exception {
        assertEquals(0, run(IMAGE.resolve("bin/cipherlink"), Map.of("CIPHERLINK_JAVA_OPTS", "-Duser.home=?"), "keygen", "identity", "id")
                .status);
        try (Stream<Path> left = Files.list(elsewhere)) {
            assertEquals(List.of("id", "stderr"), left.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    private Result run(Path program, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        Process process = start(program, environment, arguments);
        String stdout = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return new Result(process.exitValue(), stdout, Files.readString(elsewhere.resolve("stderr")));
    }

    private Process start(Path program, Map<String, String> environment, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(elsewhere.toFile())
                .redirectError(elsewhere.resolve("stderr").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }
}
