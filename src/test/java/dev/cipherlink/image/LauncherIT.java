package dev.cipherlink.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher around a JVM that is none: a script that says what it was given.
class LauncherIT {
    private static final Path TEMPLATE = Path.of("jlink/launcher.sh").toAbsolutePath();

    @TempDir
    Path home;

    @BeforeEach
    void install() throws IOException {
        Files.createDirectories(home.resolve("bin"));
        executable("cipherlink", Files.readString(TEMPLATE).replaceAll("@(COMMON|SHORT|LONG)@", "-D$1=set")
                .replace("@AOT_CACHE@", "lib/aot").replace("@JVM@", "bin/java").replace("@MAIN_CLASS@", "Main"));
    }

    private void executable(String name, String text) throws IOException {
        Files.setPosixFilePermissions(Files.writeString(home.resolve("bin").resolve(name), text),
                PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void jvm(String script) throws IOException {
        executable("java", "#!/bin/sh\n" + script + "\n");
    }

    record Outcome(int status, String stdout, String stderr) {
    }

    /// @param call a line of shell in which `cipherlink` is the launcher
    private Outcome run(String call) throws Exception {
        Process process = start(call);
        String stdout = new String(process.getInputStream().readAllBytes());
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        return new Outcome(process.exitValue(), stdout, Files.readString(home.resolve("stderr")));
    }

    private Process start(String call) throws IOException {
        var shell = new ProcessBuilder("sh", "-c", call).directory(home.toFile()).redirectError(home.resolve("stderr").toFile());
        shell.environment().put("PATH", home.resolve("bin") + ":" + System.getenv("PATH"));
        Process process = shell.start();
        process.getOutputStream().close();
        return process;
    }

    /// Issue 14.6: the JVM's 1 was told as the program's, which scripts read as "not found".
    @ParameterizedTest
    @CsvSource({"1, 70", "101, 1", "0, 0", "3, 3", "130, 130"})
    void tellsAJvmThatDidNotStartFromACommandThatEndsWithOne(int ofJvm, int told) throws Exception {
        jvm("exit " + ofJvm);
        Outcome outcome = run("cipherlink kv GET a");
        assertEquals(told, outcome.status);
        assertEquals(told == 70 ? 1 : 0, outcome.stderr.lines().count(), outcome.stderr);
    }

    /// Issue 14.6: also where the JVM takes the place of the shell that could tell.
    @ParameterizedTest
    @ValueSource(strings = {"serve", "gateway", "chat", "demo", "forward -L 1:a:2", "forward --stdio a:2", "bench"})
    void noCommandEndsWithOneBecauseTheJvmDidNotStart(String arguments) throws Exception {
        jvm("echo 'no room for the heap'; exit 1");
        Outcome outcome = run("cipherlink " + arguments);
        assertEquals(70, outcome.status);
        assertTrue((outcome.stdout + outcome.stderr).startsWith("no room for the heap\n"), outcome.stderr);
        assertTrue(outcome.stderr.endsWith("or a wrong option in CIPHERLINK_JAVA_OPTS\n"), outcome.stderr);
    }

    /// With Ctrl-C and Ctrl-Z as signals for the JVM. Options may follow the name, a command may not.
    @ParameterizedTest
    @CsvSource({"kv, true", "kv --identity a, true", "-s a kv --no-quotes, true", "kv SET a b, false", "kv GET a, false",
            "whoami, false"})
    void thePromptOfKvOnATerminalTakesThePlaceOfTheShell(String arguments, boolean stays) throws Exception {
        jvm("[ $$ = $LAUNCHER ] && echo same >kind || echo other >kind");
        String call = "LAUNCHER=$$; export LAUNCHER; exec cipherlink " + arguments;
        var terminal = new ProcessBuilder("python3", "-c", "import pty, sys; sys.exit(pty.spawn(['sh', '-c', sys.argv[1]]))", call)
                .directory(home.toFile()).redirectErrorStream(true);
        terminal.environment().put("PATH", home.resolve("bin") + ":" + System.getenv("PATH"));
        Process process = terminal.start();
        process.getInputStream().readAllBytes();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(stays ? "same\n" : "other\n", Files.readString(home.resolve("kind")));
    }

    /// Issue 14.1: what the JVM opened first became stdin.
    @ParameterizedTest
    @CsvSource({"kv", "chat"})
    void aStdinThatIsClosedCannotBeReadAndIsToldToTheProgram(String command) throws Exception {
        jvm("case \" $* \" in *' -Dcipherlink.stdin-closed=true '*) echo told;; esac; { read line; } 2>/dev/null || echo unreadable");
        assertEquals("told\nunreadable\n", run("cipherlink " + command + " <&-").stdout);
    }

    @ParameterizedTest
    @CsvSource({"kv", "chat"})
    void anOpenStdinArrivesWhole(String command) throws Exception {
        jvm("case \" $* \" in *stdin-closed*) echo told;; esac; cat");
        assertEquals("a\nb\n", run("printf 'a\\nb\\n' | cipherlink " + command).stdout);
    }

    /// Issue 14.1: the same for the other two.
    @Test
    void closedOutputsAreNobodyElses() throws Exception {
        jvm("{ echo lost; } 2>/dev/null || out=unwritable; { echo lost >&2; } && err=writable; echo $out $err >report");
        run("cipherlink kv >&- 2>&-");
        assertEquals("unwritable writable\n", Files.readString(home.resolve("report")));
    }

    @Test
    void passesOnArgumentsAsTheyAre() throws Exception {
        jvm("while [ \"$1\" != Main ]; do shift; done; shift; for each; do printf '<%s>' \"$each\"; done");
        assertEquals("<kv><SET><a b><*><>< serve>", run("cipherlink kv SET 'a b' '*' '' ' serve'").stdout);
    }

    @ParameterizedTest
    @CsvSource({"serve, true", "gateway --resp 0, true", "-q forward -L 1:a:2, true", "chat '#lobby', true", "kv SET a serve, false", "kv '' serve, false",
            "whoami, false", "bench, false", "forward --stdio a:2, false", "kv, false"})
    void theJvmOfWhatStaysTakesThePlaceOfTheShell(String arguments, boolean stays) throws Exception {
        jvm("[ $$ = $LAUNCHER ] && echo same || echo other");
        assertEquals(stays ? "same\n" : "other\n", run("LAUNCHER=$$; export LAUNCHER; exec cipherlink " + arguments).stdout);
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "HUP, 129", "INT, 130"})
    void passesOnSignalsAndWaitsForTheEnd(String signal, int status) throws Exception {
        jvm("trap 'echo ended >end; exit 9' TERM HUP; touch ready; while :; do sleep 0.05; done");
        Process launcher = start("exec cipherlink kv WATCH");
        Awaitility.await().until(() -> Files.exists(home.resolve("ready")));
        assertFalse(Files.exists(home.resolve("end")));
        new ProcessBuilder("kill", "-" + signal, String.valueOf(launcher.pid())).start().waitFor();
        assertTrue(launcher.waitFor(60, TimeUnit.SECONDS));
        assertEquals(status, launcher.exitValue());
        assertTrue(Files.exists(home.resolve("end")));
    }
}
