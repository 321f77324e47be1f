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
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `mvnw` in a project of its own, with a tiny archive in place of Maven's, and a `PATH` that lacks Maven and Java.
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
        Path script = project.resolve("mvnw");
        // The JDK that runs this test is in one of those folders.
        Files.writeString(script, Files.readString(script).replaceAll("/usr/lib/jvm|/usr/java|/opt/java|/Library", "/nowhere"));
        Path other = Files.createDirectories(folder.resolve("jdk-17/bin")).getParent();
        script(other.resolve("bin/javac"), "exit 0");
        Files.writeString(other.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");

        Result wrong = mvnw(Map.of("JAVA_HOME", other.toString()), "verify");
        Result none = mvnw(Map.of(), "verify");

        assertEquals(new Result(1, "", "mvnw: no JDK 25 found: JAVA_HOME points to " + other + ", a JDK 17;"
                + " install a JDK 25 or let JAVA_HOME point to one\n"), wrong);
        assertEquals(new Result(1, "", "mvnw: no JDK 25 found: JAVA_HOME is not set;"
                + " install a JDK 25 or let JAVA_HOME point to one\n"), none);
    }

    private void configure(String url, String sha512) throws IOException {
        Path wrapper = Files.createDirectories(project.resolve(".mvn/wrapper"));
        Files.writeString(wrapper.resolve("maven-wrapper.properties"),
                "distributionUrl=" + url + "\ndistributionSha512=" + sha512 + "\n");
    }

    private void mavenOnPath(String version) throws IOException {
        script(path.resolve("mvn"), "case $* in *-v*) echo 'Apache Maven " + version + "' ;; *) echo from the path \"$@\" ;; esac");
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Result mvnw(String... arguments) throws IOException, InterruptedException {
        return mvnw(Map.of("JAVA_HOME", System.getProperty("java.home")), arguments);
    }

    private Result mvnw(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        var command = new java.util.ArrayList<>(List.of(project.resolve("mvnw").toString()));
        command.addAll(List.of(arguments));
        Path stderr = folder.resolve("stderr");
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(stderr.toFile());
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", path.toString(), "MAVEN_USER_HOME", mavenHome.toString(),
                "HOME", folder.toString()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String stdout = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
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
