import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Makes the AOT cache of the image (JEP 483, 514, 515) with a training run of the real program. With it `kv GET` takes 0.22 s of
/// processor time, without it 0.76 s (medians of 15 runs on two busy processors).
///
/// One process must run every path that is worth caching, since two caches cannot be joined. So the training run has a main
/// class of its own, `TrainingRun`, at the end of the class path, which the finished image does not have. JDK 25 takes such a
/// cache, but no document promises that: the finished image is tried with the option to fail without its cache.
final class AotCache {
    private static final String TRAINING_CLASS = "dev.cipherlink.cli.TrainingRun";

    /// Classes only. Profiles of methods (JEP 515) from a run this short mislead the second compiler: a server under load took
    /// 2.4 times the processor time for a request, and a one-shot command a fifth more. The code of adapters and stubs is half
    /// a megabyte, and saves no time that could be measured.
    private static final List<String> CLASSES_ONLY = List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTRecordTraining",
            "-XX:-AOTAdapterCaching", "-XX:-AOTStubCaching");

    private AotCache() {
    }

    /// @param source folder of the training run's source
    /// @param work   receives the logs
    /// @throws IOException if the training run fails, or the cache does not fit the image
    static void create(Path image, Path source, Path work) throws IOException, InterruptedException {
        Path app = image.resolve("lib/app/cipherlink.jar");
        Path training = BuildTimeProgram.compile(source, app, work);
        Path cache = image.resolve(Launcher.AOT_CACHE);

        List<String> train = command(image, "-XX:AOTCacheOutput=" + cache, app + java.io.File.pathSeparator + training);
        train.addAll(CLASSES_ONLY);
        train.add(TRAINING_CLASS);
        Commands.run(work.resolve("training.log"), train.toArray(String[]::new));
        if (!Files.isRegularFile(cache)) {
            throw new IOException("no AOT cache was made: " + Files.readString(work.resolve("training.log")));
        }

        // A cache that does not fit would go unnoticed otherwise: the JVM starts without it, only more slowly.
        List<String> check = command(image, "-XX:AOTCache=" + cache, app.toString());
        check.addAll(List.of("-XX:AOTMode=on", Launcher.MAIN_CLASS, "--version"));
        Commands.run(work.resolve("check.log"), check.toArray(String[]::new));
    }

    private static List<String> command(Path image, String cacheOption, String classPath) {
        List<String> command = new ArrayList<>();
        command.add(image.resolve("bin/java").toString());
        command.addAll(Launcher.shortOptions(image));
        command.addAll(List.of(cacheOption, "-cp", classPath));
        return command;
    }
}
