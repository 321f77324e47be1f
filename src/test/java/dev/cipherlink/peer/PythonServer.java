package dev.cipherlink.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/// A server from `src/test/python` in a process of its own. Not thread-safe.
public final class PythonServer implements AutoCloseable {
    private static final String READY = "listening 127.0.0.1:";

    private final Process process;
    private final BufferedReader output;
    private final int port;

    private PythonServer(Process process) throws IOException {
        this.process = process;
        this.output = process.inputReader();
        String ready = output.readLine();
        if (ready == null || !ready.startsWith(READY)) {
            process.destroyForcibly();
            throw new IllegalStateException("the Python server did not start: " + ready);
        }
        this.port = Integer.parseInt(ready.substring(READY.length()));
    }

    /// Starts it and waits until it listens.
    ///
    /// @param script a file name in `src/test/python`
    public static PythonServer start(String script, String... arguments) throws IOException, InterruptedException {
        return new PythonServer(Python.program(script, arguments)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    /// The port of the loopback interface that it listens on.
    public int port() {
        return port;
    }

    /// The next line that it prints. Blocks.
    ///
    /// @return null if it has ended
    public String nextLine() throws IOException {
        return output.readLine();
    }

    /// Ends its standard input, and so the server. Blocks.
    ///
    /// @throws IllegalStateException if it does not end within 10 s; it is killed then
    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        boolean ended = process.onExit().completeOnTimeout(null, 10, TimeUnit.SECONDS).join() != null;
        process.destroyForcibly();
        if (!ended) {
            throw new IllegalStateException("the Python server did not end");
        }
    }
}
