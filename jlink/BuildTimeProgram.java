import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;

/// A program that runs while the image is built, against the program's jar, and is no part of the image.
final class BuildTimeProgram {

    private BuildTimeProgram() {
    }

    /// @param source folder of its sources
    /// @param app    the program's jar
    /// @param work   receives the classes
    /// @return its jar: the AOT cache takes no classes from folders
    static Path compile(Path source, Path app, Path work) throws IOException {
        String name = source.getFileName().toString();
        Path classes = work.resolve(name);
        Path jar = work.resolve(name + ".jar");
        List<String> arguments = new ArrayList<>(List.of("--enable-preview", "--release",
                String.valueOf(Runtime.version().feature()), "-proc:none", "-implicit:none", "-Xlint:-options",
                "-cp", app.toString(), "-d", classes.toString()));
        try (var files = Files.list(source)) {
            files.map(Path::toString).filter(file -> file.endsWith(".java")).forEach(arguments::add);
        }
        run("javac", arguments);
        run("jar", List.of("--create", "--file", jar.toString(), "--manifest", manifest(app, work).toString(),
                "-C", classes.toString(), "."));
        return jar;
    }

    /// What the program's jar says of its packages, such as their version. A package has one manifest, that of the class
    /// which is loaded first; in the cache that may be this program's.
    private static Path manifest(Path app, Path work) throws IOException {
        try (var jar = new JarFile(app.toFile())) {
            Manifest manifest = jar.getManifest();
            Path file = work.resolve("program.mf");
            try (var out = Files.newOutputStream(file)) {
                manifest.write(out);
            }
            return file;
        }
    }

    private static void run(String name, List<String> arguments) {
        int status = ToolProvider.findFirst(name).orElseThrow().run(System.out, System.err, arguments.toArray(String[]::new));
        if (status != 0) {
            throw new IllegalStateException(name + " ended with status " + status);
        }
    }
}
