import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What the image has in `share`: the manual pages, and completion scripts where the shells look for them.
final class Manual {
    private static final String PAGES_CLASS = "dev.cipherlink.cli.ManualPages";
    private static final Map<String, String> COMPLETIONS = Map.of(
            "bash", "bash-completion/completions/cipherlink",
            "zsh", "zsh/site-functions/_cipherlink",
            "fish", "fish/vendor_completions.d/cipherlink.fish");

    private Manual() {
    }

    /// @param source folder of the program that writes the pages
    /// @param date   of the pages
    static void write(Path image, Path source, String version, String date, Path work) throws IOException, InterruptedException {
        Path app = image.resolve("lib/app/cipherlink.jar");
        Path share = image.resolve("share");
        String classPath = app + java.io.File.pathSeparator + BuildTimeProgram.compile(source, app, work);
        run(image, classPath, work.resolve("manual.log"), PAGES_CLASS, share.resolve("man").toString(), version, date);
        for (var each : COMPLETIONS.entrySet()) {
            Path script = share.resolve(each.getValue());
            Files.createDirectories(script.getParent());
            run(image, classPath, script, Launcher.MAIN_CLASS, "completion", each.getKey());
        }
    }

    private static void run(Path image, String classPath, Path output, String... program) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(image.resolve("bin/java").toString());
        command.addAll(Launcher.shortOptions(image));
        command.addAll(List.of("-cp", classPath));
        command.addAll(List.of(program));
        Commands.run(output, command.toArray(String[]::new));
    }
}
