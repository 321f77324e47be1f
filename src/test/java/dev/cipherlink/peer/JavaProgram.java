package dev.cipherlink.peer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A program on the classes under test, in a process of its own, as the launcher of the image starts a server: with pollers
/// that are no virtual threads themselves, and so need not wait for a carrier.
public final class JavaProgram {

    private JavaProgram() {
    }

    /// Its command line.
    ///
    /// @param folder     where Lazysodium unpacks its library: a process that is killed does not take it away
    /// @param jvmOptions such as `-Xmx64m`
    public static List<String> command(Path folder, List<String> jvmOptions, Class<?> main, String... arguments) {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-preview", "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1",
                "-Djdk.pollerMode=1", "-Djava.io.tmpdir=" + folder));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
