import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Makes the artifact of the client library from the packages that it needs: `target/client/cipherlink-client-VERSION.jar`, and its
/// sources and documentation.
///
/// Maven runs it in phase `package` with the JDK of the toolchain, straight from the source:
/// `java client/BuildClient.java PROJECT-FOLDER VERSION TIMESTAMP CLASS-PATH`.
///
/// A compilation of its own, without `--enable-preview`: a class that the server needs it for does not compile here, nor does one that
/// reaches into another package. The same sources and the same time give the same bytes.
final class BuildClient {

    private static final List<String> PACKAGES =
            List.of("budget", "channel", "client", "command", "crypto", "forward", "message", "noise", "seal", "session");
    /// Lazysodium's two libraries come with it.
    private static final List<String> DEPENDENCIES = List.of("jackson-core", "jna", "lazysodium-java", "resource-loader", "slf4j-api");

    private final Path project;
    private final Path target;
    private final String name;
    private final String timestamp;

    private BuildClient(Path project, String version, String timestamp) {
        this.project = project;
        this.target = project.resolve("target/client");
        this.name = "cipherlink-client-" + version;
        this.timestamp = timestamp;
    }

    public static void main(String[] args) throws IOException {
        if (args.length != 4) {
            throw new IllegalArgumentException("usage: BuildClient.java PROJECT-FOLDER VERSION TIMESTAMP CLASS-PATH");
        }
        String modulePath = Arrays.stream(args[3].split(java.io.File.pathSeparator))
                .filter(jar -> DEPENDENCIES.contains(Path.of(jar).getFileName().toString().replaceFirst("-\\d.*", "")))
                .collect(Collectors.joining(java.io.File.pathSeparator));
        new BuildClient(Path.of(args[0]), args[1], args[2]).run(modulePath);
    }

    private void run(String modulePath) throws IOException {
        for (String folder : List.of("sources", "classes", "apidocs")) {
            delete(target.resolve(folder));
        }
        Path sources = Files.createDirectories(target.resolve("sources"));
        Files.copy(project.resolve("client/src/module-info.java"), sources.resolve("module-info.java"));
        for (String part : PACKAGES) {
            copy(project.resolve("src/main/java"), Path.of("dev/cipherlink", part), sources);
        }
        List<String> files = files(sources).stream().map(Path::toString).toList();

        tool("javac", files, "-d", "" + target.resolve("classes"), "--release", "25", "--module-path", modulePath,
                "-parameters", "-Xlint:all", "-Werror");
        // Of the exported packages only.
        tool("javadoc", List.of(), "-d", "" + target.resolve("apidocs"), "--release", "25", "--module-path", modulePath,
                "--module-source-path", "dev.cipherlink.client=" + sources, "--module", "dev.cipherlink.client", "-quiet", "-notimestamp", "--no-fonts", "-Xdoclint:all,-missing", "-Werror");
        jar("", target.resolve("classes"));
        jar("-sources", sources);
        jar("-javadoc", target.resolve("apidocs"));
    }

    private void jar(String classifier, Path folder) throws IOException {
        Path legal = Files.createDirectories(folder.resolve("META-INF"));
        Files.copy(project.resolve("LICENSE"), legal.resolve("LICENSE"));
        tool("jar", List.of(), "--create", "--file", "" + target.resolve(name + classifier + ".jar"), "--date", timestamp,
                "-C", "" + folder, ".");
    }

    private static void copy(Path from, Path part, Path to) throws IOException {
        for (Path file : files(from.resolve(part))) {
            Path target = to.resolve(from.relativize(file));
            Files.createDirectories(target.getParent());
            Files.copy(file, target);
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> found = Files.walk(folder)) {
            return found.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void tool(String name, List<String> files, String... options) {
        var arguments = new ArrayList<>(List.of(options));
        arguments.addAll(files);
        var output = new java.io.ByteArrayOutputStream();
        var printed = new PrintStream(output);
        int status = ToolProvider.findFirst(name).orElseThrow(() -> new IllegalStateException("this Java has no " + name))
                .run(printed, printed, arguments.toArray(String[]::new));
        if (status != 0) {
            throw new IllegalStateException(name + " ended with status " + status + ": " + output);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> found = Files.walk(folder)) {
                for (Path path : found.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
