package dev.cipherlink.build;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fault.Fault;
import dev.cipherlink.fault.FaultPlan;
import dev.cipherlink.fault.FaultProxy;
import dev.cipherlink.fault.Flow;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.server.PersonalServer;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The artifact of the client library as a program uses it that has nothing else, and the examples of docs/library.md.
class LibraryIT {

    /// Of the first connections of a program, before each of them is broken: more than its handshakes, less than the requests that count.
    private static final int BYTES_TO_A_BREAK = 10_000;
    private static final Path FOLDER = Path.of("target/client");
    /// What Maven takes for the artifact: the dependencies of its pom, and Lazysodium's.
    private static final List<String> BROUGHT = List.of("jackson-core", "jna", "lazysodium-java", "resource-loader", "slf4j-api");

    /// The surroundings of the examples; each has a method of its own.
    private static final String PROGRAM = """
            package example;
            import static java.nio.charset.StandardCharsets.UTF_8;
            import dev.cipherlink.client.*;
            import dev.cipherlink.client.Client.ConnectionState;
            import dev.cipherlink.client.ClientConfig.Credentials;
            import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
            import dev.cipherlink.client.Request.Swap;
            import dev.cipherlink.client.RequestException.*;
            import dev.cipherlink.client.Watch.Change;
            import dev.cipherlink.command.*;
            import dev.cipherlink.crypto.*;
            import dev.cipherlink.crypto.IdentityFile.PassphraseSource;
            import dev.cipherlink.forward.ForwardSpec;
            import java.io.*;
            import java.net.Socket;
            import java.nio.file.Path;
            import java.time.Duration;
            import java.util.*;
            import java.util.concurrent.*;
            import java.util.stream.*;
            public final class Examples {
                private static Path identityFile;
                private static int port;
                private static String fingerprint;
                private static String target;
                public static void main(String[] arguments) throws Exception {
                    identityFile = Path.of(arguments[0]);
                    port = Integer.parseInt(arguments[1]);
                    fingerprint = arguments[2];
                    target = arguments[3];
                    example0(null, null);
                    try (Identity me = Identity.load(identityFile, PassphraseSource.none())) {
                        var config = ClientConfig.to("127.0.0.1", port,
                                new Credentials.Personal(me, new PinnedHostKey(Fingerprint.parse(fingerprint))));
                        try (Client client = Client.connect(config)) {
                            %s
                        }
                    }
                }
                %s
            }
            """;

    @TempDir
    Path folder;

    private static Path artifact(String classifier) throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.filter(file -> file.getFileName().toString().matches("cipherlink-client-[\\d.]+" + classifier + "\\.jar"))
                    .findFirst().orElseThrow();
        }
    }

    private static String path() throws IOException {
        return Stream.concat(Stream.of(artifact("").toString()), Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar -> BROUGHT.contains(Path.of(jar).getFileName().toString().replaceFirst("-\\d.*", ""))))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void itsExamplesRunOnTheClassPath() throws Exception {
        Path classes = compile("-cp", path());
        run("--enable-native-access=ALL-UNNAMED", "-cp", classes + File.pathSeparator + path(), "example.Examples");
    }

    @Test
    void itsExamplesRunOnTheModulePath() throws Exception {
        Path module = Files.writeString(folder.resolve("module-info.java"), "module example { requires dev.cipherlink.client; }");
        Path classes = compile("--module-path", path(), module.toString());
        run("--enable-native-access=com.sun.jna", "--module-path", classes + File.pathSeparator + path(), "-m", "example/example.Examples");
    }

    /// A class that was compiled with `--enable-preview` and uses a preview has 65,535 for its minor version.
    @Test
    void noClassOfItNeedsPreview() throws Exception {
        try (var jar = new JarFile(artifact("").toFile())) {
            var classes = jar.stream().filter(entry -> entry.getName().endsWith(".class")).toList();
            assertTrue(classes.size() > 100, "only " + classes.size());
            for (var entry : classes) {
                byte[] start = jar.getInputStream(entry).readNBytes(6);
                assertEquals(0, start[4] | start[5], entry.getName());
            }
        }
    }

    @Test
    void bringsTheClientOnlyWithItsSourcesAndDocumentation() throws Exception {
        try (var jar = new JarFile(artifact("").toFile()); var sources = new JarFile(artifact("-sources").toFile());
             var documentation = new JarFile(artifact("-javadoc").toFile())) {
            assertTrue(jar.stream().noneMatch(entry -> entry.getName().matches("dev/cipherlink/(store|server|chat|cli|prompt)/.*")));
            assertTrue(sources.stream().anyMatch(entry -> entry.getName().equals("dev/cipherlink/client/Client.java")));
            assertTrue(documentation.stream().anyMatch(entry -> entry.getName().equals("dev.cipherlink.client/dev/cipherlink/client/Client.html")));
        }
        String pom = Files.readString(FOLDER.resolve("pom.xml"));
        assertFalse(pom.contains("${"), pom);
        assertEquals(List.of("jackson-core", "jna", "lazysodium-java"), Pattern.compile("<artifactId>(.*)</artifactId>").matcher(pom).results()
                .map(match -> match.group(1)).filter(name -> !name.equals("cipherlink-client")).sorted().toList());
        assertTrue(pom.contains("<version>" + System.getProperty("java.class.path").replaceAll("(?s).*/jackson-core-([\\d.]+)\\.jar.*", "$1")
                + "</version>"), pom);
    }

    /// @return the folder of the classes
    private Path compile(String... options) throws IOException {
        List<String> blocks = Pattern.compile("^```java\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("docs/library.md"))).results().map(match -> match.group(1)).toList();
        var methods = new StringBuilder();
        var calls = new StringBuilder();
        for (int i = 0; i < blocks.size(); i++) {
            methods.append("static void example").append(i).append("(Client client, ClientConfig config) throws Exception {\n")
                    .append(i == 0 ? blocks.get(i).replace("Client client", "Client first").replace("var config", "var firstConfig")
                            .replace("connect(config)", "connect(firstConfig)").replace("client.", "first.") : blocks.get(i)).append("}\n");
            calls.append(i == 0 ? "" : "example" + i + "(client, config);\n");
        }
        Path source = Files.createDirectories(folder.resolve("example")).resolve("Examples.java");
        Files.writeString(source, PROGRAM.formatted(calls, methods));
        Path classes = folder.resolve("classes");
        var output = new ByteArrayOutputStream();
        var printed = new PrintStream(output, true, UTF_8);
        int status = ToolProvider.findFirst("javac").orElseThrow().run(printed, printed, Stream.concat(Stream.of("-d", classes.toString(),
                "-proc:none", source.toString()), Arrays.stream(options)).toArray(String[]::new));
        assertEquals(0, status, () -> output.toString(UTF_8));
        return classes;
    }

    /// Runs the examples, and breaks their connection while they count.
    private void run(String... options) throws Exception {
        var breaking = FaultPlan.both(Flow.CLEAN.with(Fault.RESET, BYTES_TO_A_BREAK));
        try (var server = PersonalServer.start(PersonalServer.forwards(ForwardRules.parse("127.0.0.1:*"), ForwardLimits.DEFAULT));
             var proxy = FaultProxy.to(server.port(), number -> number < 4 ? breaking : FaultPlan.CLEAN);
             var echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Path identity = folder.resolve("identity");
            server.ann().save(identity, null, true);
            Thread.startVirtualThread(() -> echo(echo));
            Path output = folder.resolve("output");
            var command = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1");
            command.command().addAll(List.of(options));
            command.command().addAll(List.of(identity.toString(), "" + proxy.port(), server.identity().publicKey().fingerprint().toString(),
                    "127.0.0.1:" + echo.getLocalPort()));
            Process program = command.redirectErrorStream(true).redirectOutput(output.toFile()).start();
            try {
                assertTrue(program.waitFor(4, TimeUnit.MINUTES), () -> read(output));
                String printed = read(output);
                assertEquals(0, program.exitValue(), printed);
                for (String expected : List.of("hello\n", "ours: true\n", "PONG\n", "nothing has changed: ", "\n1000\n", "\n100000 bytes\n",
                        "job:1 was written\n", "ann: the build is green\n", "echo\n")) {
                    assertTrue(printed.contains(expected), "without " + expected + ": " + printed);
                }
                assertTrue(proxy.struck() > 0, "nothing was broken");
            } finally {
                program.destroyForcibly();
            }
        }
    }

    private static void echo(ServerSocket listener) {
        try (Socket socket = listener.accept()) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException e) {
            // The program sees it.
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
