import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The launcher `bin/cipherlink`, and the options of the JVM in it.
final class Launcher {

    static final String MAIN_CLASS = "dev.cipherlink.cli.Main";
    /// The JVM's launcher. `ps`, `top` and `pgrep` show its name, which the kernel takes from the file.
    static final String JVM = "libexec/cipherlink";
    static final String AOT_CACHE = "lib/cipherlink.aot";

    /// For every run; `$home` is the image's folder. The training run of the AOT cache has the same.
    private static final List<String> COMMON = List.of(
            "--enable-preview",                                  // StructuredTaskScope
            "--enable-native-access=ALL-UNNAMED",                // JNA
            "-Dcipherlink.native.dir=$home/lib/native",
            "-Djna.boot.library.path=$home/lib/native",
            "-Djna.nosys=true",
            "-Djna.nounpack=true",                               // else JNA makes a folder of its own in the user's home
            "-Djna.platform.library.path=$home/lib/native",      // else JNA runs ldconfig to find all others
            "-Dpicocli.disable.closures=true",                   // no search for Groovy,
            "-Dpicocli.converters.excludes=java.sql.*",          // nor for JDBC,
            "-Dslf4j.provider=org.slf4j.nop.NOPServiceProvider", // nor for logging: the jar need not be opened
            "-Dslf4j.internal.verbosity=WARN",                   // else it tells of that option on stderr
            "-XX:-UsePerfData",                                  // no file in the temporary folder
            "-XX:+DisplayVMOutputToStderr",                      // what the JVM says must not mix with answers on stdout,
            "-Xlog:disable");                                    // nor warnings with what the program says

    /// For commands that end after one answer: the least work at start-up. Measured: the first compiler alone saves a
    /// tenth of `kv GET`, code that has to run three times as often before it is compiled another tenth, the collector a
    /// few milliseconds.
    private static final List<String> SHORT = List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-XX:CompileThresholdScaling=3");

    /// For commands that stay. The JVM chooses its collector by the processors and the memory that it may have: on a small machine
    /// the one of the other commands, which takes 30 MiB less, else one with short pauses although a server's heap is mostly live
    /// values. In less than 320 MiB, as a small container has, its heap takes two fifths, since what is beside it takes 64 MiB.
    /// The JVM's fast AES-GCM counts only in code of its second compiler, and one call for each large packet would reach
    /// that after a quarter of a minute: until then a forward runs at a hundredth of its speed.
    /// The thread that waits for sockets wakes virtual threads itself, instead of by other virtual threads: one wake-up less
    /// for each read that had to wait, a tenth of a request's processor time.
    /// Where nothing has been collected for a minute, the collector marks the heap, and gives back what is free (JEP 346).
    private static final List<String> LONG = List.of("-XX:MinRAMPercentage=40", "-Djdk.pollerMode=1", "-XX:G1PeriodicGCInterval=60000",
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=CompileThresholdScaling,com.sun.crypto.provider.*::*,0.01");

    private Launcher() {
    }

    static void write(Path template, Path launcher) throws IOException {
        Files.writeString(launcher, Files.readString(template)
                .replace("@COMMON@", quoted(COMMON))
                .replace("@SHORT@", quoted(SHORT))
                .replace("@LONG@", quoted(LONG))
                .replace("@JVM@", JVM)
                .replace("@AOT_CACHE@", AOT_CACHE)
                .replace("@MAIN_CLASS@", MAIN_CLASS));
        Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /// The options of short commands, which are what the AOT cache is for.
    static List<String> shortOptions(Path image) {
        return Stream.concat(COMMON.stream(), SHORT.stream())
                .map(option -> option.replace("$home", image.toString())).toList();
    }

    private static String quoted(List<String> options) {
        return options.stream().map(option -> option.contains("$") ? '"' + option + '"' : option)
                .collect(Collectors.joining(" "));
    }
}
