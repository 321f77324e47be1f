package dev.cipherlink.build;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `mvnw` in a project of its own, with a tiny archive in place of Maven's, and a `PATH` that lacks Maven and Java.
@Tag("slow")
class MvnwIT {
    private static final List<String> TOOLS = List.of("sh", "sed", "tr", "cut", "grep", "head", "dirname", "readlink",
            "mktemp", "mkdir", "rm", "mv", "cp", "tar", "gzip", "sha512sum", "curl");

    @TempDir
    Path folder;
    private Path project;
    private Path path;
    private Path mavenHome;
    private Path archive;

    record Result(int status, String stdout, String stderr) {
    }

    @BeforeEach
    void makeProject() throws Exception {
        project = Files.createDirectories(folder.resolve("a project"));
        path = Files.createDirectories(folder.resolve("path"));
        mavenHome = folder.resolve("maven home");
        Files.copy(Path.of("mvnw"), project.resolve("mvnw"));
        for (String tool : TOOLS) {
            script(path.resolve(tool), "exec " + find(tool) + " \"$@\"");
        }
        Path content = Files.createDirectories(folder.resolve("apache-maven-9.9.9/bin"));
        script(content.resolve("mvn"), "echo downloaded \"$@\"");
        archive = folder.resolve("apache-maven-9.9.9-bin.tar.gz");
        Process tar = new ProcessBuilder("tar", "-czf", archive.toString(), "-C", folder.toString(), "apache-maven-9.9.9")
                .inheritIO().start();
        assertEquals(0, tar.waitFor());
    }

    @Test
    void downloadsMavenOnceAndRunsItWithTheArguments() throws Exception {
        var requests = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            exchange.sendResponseHeaders(200, Files.size(archive));
            try (var body = exchange.getResponseBody()) {
                Files.copy(archive, body);
            }
        });
        server.start();
        try {
            configure("http://127.0.0.1:" + server.getAddress().getPort() + "/" + archive.getFileName(), sha512(archive));

            Result first = mvnw("-B", "two words");
            Result second = mvnw("again");

            assertEquals("downloaded -B two words\n", first.stdout, first.stderr);
            assertTrue(first.stderr.startsWith("mvnw: downloading http://127.0.0.1"), first.stderr);
            assertEquals(new Result(0, "downloaded again\n", ""), second);
            assertEquals(1, requests.get());
        } finally {
            server.stop(0);
        }
    }

    @Test
    void takesAnArchiveFromAFile() throws Exception {
        configure("file://" + archive, sha512(archive));

        assertEquals("downloaded verify\n", mvnw("verify").stdout);
    }

    @Test
    void refusesAnArchiveWithAnotherChecksumAndKeepsNothing() throws Exception {
        String wrong = "0".repeat(128);
        configure("file://" + archive, wrong);

        Result result = mvnw("verify");

        assertEquals(1, result.status);
        assertEquals("", result.stdout);
        assertTrue(result.stderr.contains("has SHA-512 " + sha512(archive) + ", not " + wrong), result.stderr);
        try (Stream<Path> kept = Files.walk(mavenHome)) {
            assertEquals(List.of(), kept.filter(Files::isRegularFile).toList());
        }
    }

    @Test
    void saysWhatCouldNotBeDownloaded() throws Exception {
        configure("file:///nowhere/apache-maven-9.9.9-bin.tar.gz", sha512(archive));

        Result result = mvnw("verify");

        assertEquals(1, result.status);
        assertTrue(result.stderr.contains("mvnw: cannot download file:///nowhere/apache-maven-9.9.9-bin.tar.gz"),
                result.stderr);
    }

    @Test
    void usesAMavenOnThePath() throws Exception {
        mavenOnPath("3.8.7");

        assertEquals(new Result(0, "from the path -q verify\n", ""), mvnw("-q", "verify"));
        assertFalse(Files.exists(mavenHome));
    }

    @Test
    void doesNotUseAMavenThatIsTooOld() throws Exception {
        mavenOnPath("3.6.3");
        configure("file://" + archive, sha512(archive));

        assertEquals("downloaded verify\n", mvnw("verify").stdout);
    }

    @Test
    void saysInOneLineThatThereIsNoJdkAndWhereJavaHomePointed() throws Exception {
        hideSystemFolders();
        Path other = jdk("jdk-17", 17);
        Path empty = Files.createDirectories(folder.resolve("empty"));

        Result wrong = mvnw(Map.of("JAVA_HOME", other.toString()), "verify");
        Result none = mvnw(Map.of(), "verify");
        Result nowhere = mvnw(Map.of("JAVA_HOME", empty.toString()), "verify");

        String help = "; install a JDK 25 or let JAVA_HOME point to one\n";
        assertEquals(new Result(1, "", "mvnw: no JDK 25 found: JAVA_HOME points to " + other + ", a JDK 17" + help), wrong);
        assertEquals(new Result(1, "", "mvnw: no JDK 25 found: JAVA_HOME is not set" + help), none);
        assertEquals(new Result(1, "", "mvnw: no JDK 25 found: JAVA_HOME points to " + empty + ", which is no JDK" + help), nowhere);
    }

    /// Issue 14.16: what JAVA_HOME, JAVA25_HOME, the PATH, `toolchains.xml` and a usual folder have, and which JDK 25 Maven
    /// runs on and compiles with.
    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        // JAVA_HOME, JAVA25_HOME, PATH, toolchains.xml, usual folder: found
        "jdk-25,  -,       -,       -,      -,       jdk-25",
        "jdk-25,  -,       jdk-17,  -,      -,       jdk-25",
        "jdk-25,  -,       other-25, -,     other-25, jdk-25",
        "jdk-25/, -,       -,       -,      -,       jdk-25",
        "-,       -,       jdk-25,  -,      -,       jdk-25",
        "-,       -,       jdk-17,  -,      jdk-25,  jdk-25",
        "-,       -,       -,       -,      jdk-25,  jdk-25",
        "-,       jdk-25,  jdk-17,  -,      other-25, jdk-25",
        "-,       -,       jdk-17,  jdk-25, other-25, jdk-25",
        "jdk-17,  -,       jdk-25,  -,      -,       jdk-25",
        "jdk-17,  -,       jdk-17,  -,      jdk-25,  jdk-25",
        "jdk-17,  -,       -,       jdk-25, -,       jdk-25",
        "jre-25,  -,       -,       -,      jdk-25,  jdk-25",
        "nowhere, -,       jdk-25,  -,      -,       jdk-25",
        "nowhere, -,       jdk-17,  -,      jdk-25,  jdk-25",
        "nowhere, -,       -,       -,      jdk-25,  jdk-25"})
    void findsTheJdk(String javaHome, String java25Home, String onPath, String inToolchains, String inFolder, String found)
            throws Exception {
        hideSystemFolders();
        mavenOnPath("3.9.12", "echo \"$JAVA_HOME $JAVA25_HOME\"");
        jdk("jdk-17", 17);
        jdk("jdk-25", 25);
        jdk("other-25", 25);
        Files.delete(jdk("jre-25", 25).resolve("bin/javac"));
        if (onPath != null) {
            Files.createSymbolicLink(path.resolve("java"), folder.resolve(onPath).resolve("bin/java"));
            Files.createSymbolicLink(path.resolve("javac"), Path.of("../" + onPath + "/bin/javac"));
        }
        if (inToolchains != null) {
            Files.writeString(Files.createDirectories(mavenHome).resolve("toolchains.xml"),
                    "<toolchains>\n  <jdkHome>" + folder.resolve(inToolchains) + "</jdkHome>\n</toolchains>\n");
        }
        if (inFolder != null) {
            Files.createSymbolicLink(Files.createDirectories(folder.resolve(".jdks")).resolve("a jdk"), folder.resolve(inFolder));
        }
        var environment = new HashMap<String, String>();
        if (javaHome != null) {
            environment.put("JAVA_HOME", folder + "/" + javaHome);
        }
        if (java25Home != null) {
            environment.put("JAVA25_HOME", folder + "/" + java25Home);
        }

        Result result = mvnw(environment, "verify");

        assertEquals("", result.stderr);
        for (String home : result.stdout.strip().split(" (?=/)")) {
            assertEquals(folder.resolve(found).toRealPath(), Path.of(home).toRealPath(), result.stdout);
        }
        assertEquals(0, result.status);
    }

    /// Issue 14.16: `jlink/cipherlink demo` on a machine where nothing is built yet.
    @Test
    void theProgramOfACheckoutIsBuiltOnFirstUseOrSaysInOneLineWhatIsMissing() throws Exception {
        hideSystemFolders();
        Path program = Files.createDirectories(project.resolve("jlink")).resolve("cipherlink");
        Files.copy(Path.of("jlink/cipherlink"), program);
        Files.createDirectories(project.resolve("src/main"));
        Files.createFile(project.resolve("pom.xml"));
        for (String tool : List.of("find", "touch", "chmod", "cat")) {
            script(path.resolve(tool), "exec " + find(tool) + " \"$@\"");
        }
        String image = project + "/target/cipherlink/bin";
        mavenOnPath("3.9.12", "mkdir -p '" + image + "'; echo '#!/bin/sh' >'" + image + "/cipherlink'; echo 'echo built by "
                + "'\"$JAVA_HOME\"', run with \"$@\"' >>'" + image + "/cipherlink'; chmod +x '" + image + "/cipherlink'; touch '"
                + project + "/target/cipherlink.built'; echo much output");

        Result missing = run(program, environment(Map.of()), "demo");
        Path jdk = jdk(".jdks/25", 25);
        Result built = run(program, environment(Map.of("JAVA_HOME", "/nowhere")), "demo");
        Result again = run(program, environment(Map.of()), "demo", "again");

        assertEquals(new Result(2, "", "mvnw: no JDK 25 found: JAVA_HOME is not set; install a JDK 25 or let JAVA_HOME point to one\n"),
                missing);
        assertEquals("built by " + jdk + ", run with demo\n", built.stdout, built.stderr);
        assertTrue(built.stderr.matches("cipherlink: building the runtime image in .* \\(once; about a minute\\)\n"), built.stderr);
        assertEquals(new Result(0, "built by " + jdk + ", run with demo again\n", ""), again);

        for (int i = 0; i < 3_000; i++) {
            Files.createFile(project.resolve("src/main/" + i));
        }
        Result rebuilt = run(Path.of("/bin/sh"), environment(Map.of()), "-c", "trap '' PIPE; exec '" + program + "' demo");
        assertEquals(new Result(0, built.stdout, built.stderr), rebuilt, "many sources are newer, and SIGPIPE is ignored");
    }

    /// Issue 13.11b: Maven runs on a JDK 25, and the `java` of the PATH is another one. In place of the image the JDK that
    /// would make it tells its name.
    @Test
    void theImageIsBuiltByTheJdkThatWasFoundWhateverJavaThePathHas() throws Exception {
        Path checkout = Files.createDirectories(folder.resolve("checkout/jlink")).getParent();
        for (String file : List.of("mvnw", "pom.xml")) {
            Files.copy(Path.of(file), checkout.resolve(file));
        }
        Files.writeString(checkout.resolve("jlink/BuildImage.java"), """
                void main() throws java.io.IOException {
                    java.nio.file.Files.writeString(java.nio.file.Path.of("builder"), System.getProperty("java.home"));
                }
                """);
        script(path.resolve("java"), "echo 'the java of the PATH' >&2; exit 1");
        var environment = new HashMap<>(System.getenv());
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        environment.put("PATH", path + ":" + System.getenv("PATH"));
        environment.remove("MAVEN_USER_HOME");

        Result result = run(checkout.resolve("mvnw"), environment, "-o", "-B", "-q", "-DskipTests", "-f", checkout + "/pom.xml", "package");

        assertEquals(0, result.status, result.stdout + result.stderr);
        assertEquals(System.getProperty("java.home"), Files.readString(checkout.resolve("builder")));
    }

    /// The JDK that runs this test is in one of them.
    private void hideSystemFolders() throws IOException {
        Path script = project.resolve("mvnw");
        Files.writeString(script, Files.readString(script).replaceAll("(?<= )/(usr|opt|home|Library)/\\S+", "/nowhere/*"));
    }

    private Path jdk(String name, int release) throws IOException {
        Path bin = Files.createDirectories(folder.resolve(name).resolve("bin"));
        script(bin.resolve("java"), "exit 0");
        script(bin.resolve("javac"), "exit 0");
        return Files.writeString(bin.resolveSibling("release"), "JAVA_VERSION=\"" + release + ".0.1\"\n").getParent();
    }

    private void configure(String url, String sha512) throws IOException {
        Path wrapper = Files.createDirectories(project.resolve(".mvn/wrapper"));
        Files.writeString(wrapper.resolve("maven-wrapper.properties"),
                "distributionUrl=" + url + "\ndistributionSha512=" + sha512 + "\n");
    }

    private void mavenOnPath(String version) throws IOException {
        mavenOnPath(version, "echo from the path \"$@\"");
    }

    private void mavenOnPath(String version, String runs) throws IOException {
        script(path.resolve("mvn"), "case $1$2 in *-v*) echo 'Apache Maven " + version + "' ;; *) " + runs + " ;; esac");
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Result mvnw(String... arguments) throws IOException, InterruptedException {
        return mvnw(Map.of("JAVA_HOME", System.getProperty("java.home")), arguments);
    }

    private Result mvnw(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        return run(project.resolve("mvnw"), environment(environment), arguments);
    }

    private Map<String, String> environment(Map<String, String> more) {
        var whole = new HashMap<>(Map.of("PATH", path.toString(), "MAVEN_USER_HOME", mavenHome.toString(),
                "HOME", folder.toString()));
        whole.putAll(more);
        return whole;
    }

    private Result run(Path program, Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Path stderr = folder.resolve("stderr");
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(stderr.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String stdout = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(5, TimeUnit.MINUTES));
        return new Result(process.exitValue(), stdout, Files.readString(stderr));
    }

    private static Path find(String tool) {
        return Stream.of(System.getenv("PATH").split(":")).map(each -> Path.of(each, tool)).filter(Files::isExecutable)
                .findFirst().orElseThrow(() -> new IllegalStateException("this test needs " + tool));
    }

    private static String sha512(Path file) throws Exception {
        try (InputStream in = Files.newInputStream(file)) {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-512").digest(in.readAllBytes()));
        }
    }
}
