package dev.cipherlink.cli.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.Main;
import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Passphrases typed at a real terminal, whose echo the program switches off.
class PassphraseIT {
    /// Runs a program on a terminal. Types each second argument when the one before it has been shown, and prints all that was
    /// shown, then the exit status and whether the terminal echoes.
    private static final String ON_A_TERMINAL = """
            import os, pty, signal, sys, termios
            signal.alarm(90)
            at = sys.argv.index("--")
            script, command = sys.argv[1:at], sys.argv[at + 1:]
            child, terminal = pty.fork()
            if child == 0:
                os.execvp(command[0], command)
            shown, seen = b"", 0
            while True:
                try:
                    part = os.read(terminal, 4096)
                except OSError:
                    break
                if not part:
                    break
                shown += part
                while script and script[0].encode() in shown[seen:]:
                    seen = shown.index(script[0].encode(), seen) + len(script[0])
                    os.write(terminal, script[1].encode())
                    script = script[2:]
            echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            sys.stdout.buffer.write(shown + b"\\nstatus %d, echo %s\\n" % (status, str(echoes).encode()))
            """;

    @TempDir
    Path folder;

    /// @param script what is awaited and what is then typed, by turns
    private String run(List<String> script, String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("python3", "-c", ON_A_TERMINAL));
        command.addAll(script);
        command.add("--");
        command.addAll(JavaProgram.command(folder, List.of(), Main.class, arguments));
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        process.getOutputStream().close();
        String shown = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return shown;
    }

    @Test
    void isNotShownAndOpensTheKeyAgain() throws Exception {
        String made = run(List.of("new passphrase: ", "open sesame\n", "again: ", "open sesame\n"), "keygen", "identity", "key", "--passphrase");

        assertTrue(made.endsWith("\nstatus 0, echo True\n"), made);
        assertTrue(made.contains("cipherlink-x25519 "), made);
        assertTrue(!made.contains("sesame"), made);

        String shown = run(List.of("passphrase of ", "close sesame\n", "wrong passphrase", "", "passphrase of ", "open sesame\n"),
                "keys", "show", "key");

        assertTrue(shown.endsWith("\nstatus 0, echo True\n"), shown);
        assertTrue(shown.contains("cipherlink-x25519 "), shown);
        assertTrue(!shown.contains("sesame"), shown);
    }

    @Test
    void makesNoKeyIfTheTwoDiffer() throws Exception {
        String shown = run(List.of("new passphrase: ", "one\n", "again: ", "other\n"), "keygen", "identity", "key", "--passphrase");

        assertTrue(shown.endsWith("cipherlink: the two passphrases differ\r\n\nstatus 2, echo True\n"), shown);
        assertTrue(Files.notExists(folder.resolve("key")));
    }

    @Test
    void noSecretValueIsShownOrAnArgument() throws Exception {
        String shown = run(List.of("value: ", "open sesame\n"), "kv", "-s", "127.0.0.1:1", "SET", "token", "--ask");

        assertTrue(shown.startsWith("value: \r\n"), shown);
        assertTrue(shown.contains("cannot connect to 127.0.0.1:1"), shown);
        assertTrue(shown.endsWith("\nstatus 3, echo True\n"), shown);
        assertEquals(-1, shown.indexOf("sesame"), shown);
    }

    /// The terminal would show nothing that is typed afterwards.
    @Test
    void ctrlCAtTheQuestionLeavesTheEchoOn() throws Exception {
        String shown = run(List.of("new passphrase: ", "half\u0003"), "keygen", "identity", "key", "--passphrase");

        assertTrue(shown.endsWith("\nstatus 130, echo True\n"), shown);
        assertEquals(-1, shown.indexOf("half"), shown);
    }
}
