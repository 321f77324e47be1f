package dev.cipherlink.console;

import dev.cipherlink.cli.Program;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// Runs the program inside a test and keeps what it wrote.
public final class Terminal {
    public final Map<String, String> environment = new HashMap<>();
    private final Path folder;
    private Terminals terminals = Terminals.NONE;
    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();

    public Terminal(Path folder) {
        this.folder = folder;
        environment.put("LANG", "C.UTF-8");
    }

    public Terminal withTerminals(boolean stdin, boolean out, boolean err) {
        terminals = new Terminals(stdin, out, err);
        return this;
    }

    public int run(String... args) {
        return runWith(new byte[0], args);
    }

    public int runWith(byte[] stdin, String... args) {
        return runWith(new ByteArrayInputStream(stdin), args);
    }

    /// With stdin and stderr at a terminal for this run, for questions.
    public int runTyping(String typed, String... args) {
        terminals = new Terminals(true, false, true);
        int status = runWith(typed.getBytes(StandardCharsets.UTF_8), args);
        terminals = Terminals.NONE;
        return status;
    }

    public int runWith(InputStream stdin, String... args) {
        stdout.reset();
        stderr.reset();
        return Program.run(args, new ProcessEnvironment(stdin, stdout, stderr, environment, folder, folder.resolve("etc"), terminals));
    }

    public String out() {
        return stdout.toString(StandardCharsets.UTF_8);
    }

    public byte[] outBytes() {
        return stdout.toByteArray();
    }

    public String err() {
        return stderr.toString(StandardCharsets.UTF_8);
    }
}
