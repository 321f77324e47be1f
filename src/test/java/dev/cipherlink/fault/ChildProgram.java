package dev.cipherlink.fault;

import dev.cipherlink.cli.Main;
import dev.cipherlink.peer.JavaProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The program in a process of its own, which can be stopped, kept short of descriptors or of memory.
final class ChildProgram implements AutoCloseable {

    private final Process process;
    private final BufferedReader output;

    private ChildProgram(Process process) {
        this.process = process;
        output = process.inputReader();
    }

    /// Starts it.
    ///
    /// @param folder     where it runs, with its home and its file of errors in it
    /// @param limits     shell commands in front of it, such as `ulimit -n 100`
    /// @param jvmOptions such as `-Xmx64m`
    static ChildProgram start(Path folder, String limits, List<String> jvmOptions, String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("sh", "-c", limits + "; exec \"$0\" \"$@\""));
        command.addAll(JavaProgram.command(folder, jvmOptions, Main.class, arguments));
        var builder = new ProcessBuilder(command).directory(folder.toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.toString());
        return new ChildProgram(builder.start());
    }

    /// The port on which it says that it listens. Blocks.
    int port() throws IOException {
        String ready = line();
        if (ready == null || !ready.startsWith("listening on 127.0.0.1:")) {
            throw new IllegalStateException("no server: " + ready);
        }
        return Integer.parseInt(ready.split(" ")[2].split(":")[1]);
    }

    /// The next line that it prints; null if it has ended. Blocks.
    String line() throws IOException {
        return output.readLine();
    }

    /// Writes to its standard input.
    void type(String text) throws IOException {
        process.outputWriter().write(text);
        process.outputWriter().flush();
    }

    void endInput() throws IOException {
        process.outputWriter().close();
    }

    /// SIGSTOP: none of its threads runs any more.
    void stop() throws IOException, InterruptedException {
        signal("STOP");
    }

    /// SIGCONT.
    void goOn() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        tool("kill", "-" + name, String.valueOf(process.pid()));
    }

    /// How many descriptors it may have from now on; those that it has stay open.
    void limitDescriptors(int limit) throws IOException, InterruptedException {
        tool("prlimit", "--pid", String.valueOf(process.pid()), "--nofile=" + limit + ":");
    }

    private static void tool(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IllegalStateException("failed: " + String.join(" ", command));
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /// Waits for its end.
    ///
    /// @return its exit status
    int await() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("it does not end");
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
