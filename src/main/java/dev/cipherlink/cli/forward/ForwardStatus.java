package dev.cipherlink.cli.forward;

import dev.cipherlink.console.Output;
import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.forward.UnixSocket;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;

/// The private socket of a running `forward`, named after its process: `forward --status` sends `text` or `json`, and gets lines.
///
/// The folder has mode 0700, the socket 0600: only this user and root can ask.
final class ForwardStatus implements AutoCloseable {

    private static final Logger LOG = System.getLogger(ForwardStatus.class.getName());
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final String JSON = "json";
    private static final int MAX_BYTES = 1 << 20;

    private final UnixSocket socket;
    private final Function<Boolean, List<String>> lines;

    private ForwardStatus(UnixSocket socket, Function<Boolean, List<String>> lines) {
        this.socket = socket;
        this.lines = lines;
    }

    /// A `forward` works without it, so a failure is only logged: the path of such a socket has about 100 bytes at most.
    ///
    /// @param lines of the answer; of JSON if it is given true
    /// @return null if there is none
    static ForwardStatus open(Path folder, Function<Boolean, List<String>> lines) {
        try {
            Path path = TrustedPath.createFolders(folder).resolve(String.valueOf(ProcessHandle.current().pid()));
            var status = new ForwardStatus(UnixSocket.bind(path), lines);
            Thread.ofVirtual().name("cipherlink-status").start(status::accept);
            return status;
        } catch (IOException | UnsupportedOperationException e) {
            LOG.log(Level.INFO, "`forward --status` does not show this one: {0}", FailureText.withFile(e));
            return null;
        }
    }

    private void accept() {
        while (socket.channel().isOpen()) {
            try {
                SocketChannel peer = socket.channel().accept();
                Thread.ofVirtual().start(() -> answer(peer));
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "the socket of the status accepts nothing", e);
            }
        }
    }

    private void answer(SocketChannel peer) {
        try (peer) {
            String request = new BufferedReader(Channels.newReader(peer, StandardCharsets.US_ASCII), 16).readLine();
            byte[] answer = String.join("\n", lines.apply(JSON.equals(request))).getBytes(StandardCharsets.UTF_8);
            Channels.newOutputStream(peer).write(answer);
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "a question for the status ended early", e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "the socket of the status stays", e);
        }
    }

    /// Prints what the running forwards of this user say. Blocks for a few seconds at most for each.
    ///
    /// @return that there is none, or done
    static ExitStatus show(Path folder, Output output) throws InterruptedException {
        int running = 0;
        try (Stream<Path> found = Files.list(folder)) {
            for (Path path : found.sorted().toList()) {
                running += show(path, folder, output);
            }
        } catch (NoSuchFileException _) {
            // None has ever run.
        } catch (IOException e) {
            throw CliException.usage("cannot look for running forwards: " + FailureText.withFile(e)).withCause(e);
        }
        if (running == 0) {
            output.notice("cipherlink: no forward of this user is running");
        }
        return running == 0 ? ExitStatus.NOT_FOUND : ExitStatus.DONE;
    }

    private static int show(Path path, Path folder, Output output) throws InterruptedException, IOException {
        var question = new FutureTask<>(() -> ask(path, output.isJson()));
        Thread.startVirtualThread(question);
        try {
            question.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).lines().forEach(output::line);
            return 1;
        } catch (TimeoutException e) {
            output.errorLine("cipherlink: process " + path.getFileName() + " does not answer");
            return 1;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ConnectException) {
                Files.deleteIfExists(path); // of a process that was killed
            } else if (!(e.getCause() instanceof NoSuchFileException)) {
                output.errorLine("cipherlink: cannot ask " + TerminalText.escapeLine(folder.relativize(path).toString()) + ": "
                        + FailureText.of(e.getCause()));
            }
            return 0;
        }
    }

    private static String ask(Path path, boolean isJson) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            channel.write(ByteBuffer.wrap(((isJson ? JSON : "text") + "\n").getBytes(StandardCharsets.US_ASCII)));
            return new String(Channels.newInputStream(channel).readNBytes(MAX_BYTES), StandardCharsets.UTF_8);
        }
    }
}
