package dev.cipherlink.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.Main;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.peer.JavaProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// `cipherlink serve` as a process, on the classes under test: killed and started again on the same port and folder.
final class ServerProcess implements AutoCloseable {

    private final Path folder;
    private final Path data;
    private final Map<String, String> variables;
    private final SharedKey sharedKey = SharedKey.generate();
    private final Identity client = Identity.generate();
    private List<String> wrapper = List.of();
    private String heap = "256m";
    private Process process;
    private BufferedReader lines;
    private int port;

    /// @param folder    for its key and what it says on stderr
    /// @param data      its data
    /// @param variables its settings, as environment variables
    ServerProcess(Path folder, Path data, Map<String, String> variables) throws IOException {
        this.folder = folder;
        this.data = data;
        this.variables = variables;
        sharedKey.save(folder.resolve("shared"), false);
    }

    /// The command in front of the next process, such as a tracer.
    void wrap(List<String> command) {
        wrapper = command;
    }

    /// The largest heap of the next process, such as `48m`; 256 MiB if this is not called.
    void limitHeap(String newHeap) {
        heap = newHeap;
    }

    /// Starts the process, and waits until it listens.
    void start() throws IOException {
        var command = new ArrayList<>(wrapper);
        command.addAll(JavaProgram.command(folder, serverOptions(), Main.class, "serve", "--port",
                Integer.toString(port), "--shared-key", folder.resolve("shared").toString(), "--data", data.toString(),
                "--clients", "any"));
        var builder = new ProcessBuilder(command).directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(errors().toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_"));
        builder.environment().putAll(Map.of("HOME", folder.toString(), "XDG_CONFIG_HOME", folder.toString(),
                "XDG_DATA_HOME", folder.toString(), "XDG_STATE_HOME", folder.toString()));
        builder.environment().putAll(variables);
        process = builder.start();
        lines = process.inputReader();
        String ready = lines.readLine();
        assertTrue(ready != null && ready.startsWith("listening on "), () -> ready + said());
        port = Integer.parseInt(ready.split(" ")[2].split(":")[1]);
    }

    /// With both compilers, as the launcher starts servers: the AES of the first one alone moves 10 MB/s.
    private List<String> serverOptions() {
        return List.of("-XX:TieredStopAtLevel=4", "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=CompileThresholdScaling,com.sun.crypto.provider.*::*,0.01", "-XX:+UseSerialGC", "-Xmx" + heap);
    }

    private Path errors() {
        return folder.resolve("stderr");
    }

    /// Its stderr so far, for the message of a failed test.
    String said() {
        try {
            List<String> all = Files.readAllLines(errors());
            return "\n" + String.join("\n", all.subList(Math.max(0, all.size() - 40), all.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /// The most memory that was resident in the process so far.
    long peakResidentBytes() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(each -> each.startsWith("VmHWM:")).findFirst().orElseThrow();
        return 1_024 * Long.parseLong(line.replaceAll("\\D", ""));
    }

    /// SIGKILL, to the server itself where a tracer stands before it. Returns when it has ended.
    void kill() {
        List<ProcessHandle> traced = process.descendants().toList();
        process.toHandle().destroyForcibly();
        traced.forEach(ProcessHandle::destroyForcibly);
        traced.forEach(each -> each.onExit().orTimeout(60, TimeUnit.SECONDS).join());
        process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
    }

    /// SIGTERM. Returns when it has ended.
    void terminate() {
        process.toHandle().destroy();
        process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
        assertEquals(0, process.exitValue(), this::said);
    }

    /// The folder of its store.
    Path store() {
        return data.resolve("store");
    }

    /// @param version of the wire, 1 or 2
    ClientConfig clientConfig(int version) {
        return version == 1 ? ClientConfig.to("127.0.0.1", port, new Credentials.Shared(sharedKey)) : clientConfig(client);
    }

    /// For a client with a key of its own.
    ClientConfig clientConfig(Identity identity) {
        return ClientConfig.to("127.0.0.1", port, new Credentials.Personal(identity, (_, _, _) -> { }, Suite.AES_GCM));
    }

    @Override
    public void close() {
        if (process != null) {
            kill();
        }
        sharedKey.close();
        client.close();
    }
}
