package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/// The completion of words in bash, zsh and fish, with keys and rooms of the server.
class CompletionIT extends ServerRig {
    /// Issue 14.26: key names are completed, also behind a colon, where bash completes only what follows it.
    /// Issue 14.26: the scripts of zsh and fish had never run in these shells.
    @Test
    void eachShellCompletesKeysOfTheServerFilesAndChoices() throws Exception {
        terminal.runWith(utf8("SET job:alpha 1\nSET job:beta 1\nSET other 1\n"), "-q", "kv");
        for (String shell : List.of("bash", "zsh", "fish")) {
            terminal.run("completion", shell);
            Files.writeString(folder.resolve("script." + shell), terminal.out());
        }
        Files.writeString(folder.resolve("with space"), "");
        Files.writeString(folder.resolve("cipherlink"), "#!/bin/sh\nexec " + program() + " \"$@\"\n");
        assertTrue(folder.resolve("cipherlink").toFile().setExecutable(true));

        // The server is asked for two seconds only, and the machine may be busy.
        Awaitility.await().untilAsserted(() -> assertEquals("<alpha><beta><script.bash><memory>",
                said("bash", "-c", "PATH=$PWD:$PATH; source ./script.bash; "
                + "for COMP_LINE in 'cipherlink kv GET job:' 'cipherlink kv --from script.b' 'cipherlink serve --engine m'; do "
                + "COMP_POINT=${#COMP_LINE}; _cipherlink; printf '<%s>' \"${COMPREPLY[@]}\"; done")));
        Awaitility.await().untilAsserted(() -> assertEquals("job:alpha\njob:beta\nscript.bash\nmemory\n",
                said("fish", "-c", "set PATH $PWD $PATH; source ./script.fish; "
                + "for line in 'kv GET job:' 'kv --from script.b' 'serve --engine m'; complete -C \"cipherlink $line\"; end")));
        try (TmuxTerminal zsh = TmuxTerminal.of(folder, 100, 24, terminal.environment, "exec zsh -f -i")) {
            zsh.enter("cd '" + folder + "'; PATH=$PWD:$PATH; PS1='z''sh: '; source ./script.zsh");
            zsh.awaitText("zsh:");
            for (String line : List.of("kv GET job:al|pha", "kv --from script.b|ash", "kv --from with| space", "serve --engine m|emory")) {
                String[] parts = line.split("\\|");
                zsh.type("cipherlink " + parts[0]);
                String whole = "cipherlink " + parts[0] + parts[1].replace(" ", "\\ ");
                // The server is asked for two seconds only: on a busy machine in vain, and then once more.
                var pressed = new AtomicLong(System.nanoTime());
                zsh.press("Tab");
                Awaitility.await().pollInterval(Duration.ofMillis(100)).until(() -> {
                    boolean isThere = zsh.screen().contains(whole);
                    if (!isThere && System.nanoTime() - pressed.get() > Duration.ofSeconds(5).toNanos()) {
                        pressed.set(System.nanoTime());
                        zsh.press("Tab");
                    }
                    return isThere;
                });
                zsh.press("C-u");
            }
        }
    }

    private String said(String... command) throws IOException {
        ProcessBuilder shell = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        shell.environment().putAll(terminal.environment);
        return new String(shell.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /// Issue 14.26: each shell shows what this answers.
    @Test
    void completesWhatCanStandInEachPlace() {
        assertEquals(0, terminal.runWith(utf8("JOIN #lobby\nJOIN #ops\nSAY #ops hello\n"), "kv"), terminal.err());
        assertEquals("#ops\n", completed("kv", "JOIN", "#o"));
        assertEquals("#ops\n", completed("chat", "#o"));
        assertEquals("60\n600\n", completed("kv", "EXPIRE", "a", "60"));
        assertEquals("--from\n", completed("kv", "SET", "a", "--f"));
        assertEquals("--ask\n", completed("kv", "SET", "a", "--a"));
        assertEquals("", completed("kv", "SET", "a", "b", ""));
        assertEquals("", completed("kv", "PING", ""));
        assertEquals("GET\nGETDEL\nGETEX\nGETRANGE\n", completed("kv", "--timeout", "5s", "ge"));
        assertEquals("show\n", completed("config", ""));
        assertEquals(":folders\n", completed("store", "backup", ""));
        assertEquals("10m\n10s\n1d\n1h\n1m\n1s\n", completed("--timeout", "1"));
        assertEquals("burst\n", completed("bench", "--mode", "b"));
        assertEquals("", completed("-s", "nowh"));
    }

    private String completed(String... words) {
        List<String> args = new ArrayList<>(List.of("completion", "words"));
        args.addAll(List.of(words));
        assertEquals(0, terminal.run(args.toArray(String[]::new)), terminal.err());
        return terminal.out();
    }
}
