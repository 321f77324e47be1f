package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.peer.JavaProgram;
import dev.cipherlink.peer.OtherUser;
import dev.cipherlink.prompt.ReplRig;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// Machines and services that allow little: a home that cannot be written, a full disk, no `/proc/mounts`, few descriptors.
class WhereItRunsIT extends ReplRig {
    private Path mounted;

    @Override
    public KeyValueStore openStore() {
        return new MemoryStore(StoreLimits.ofHeap());
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted != null) {
            assertEquals(0, new ProcessBuilder("umount", mounted.toString()).inheritIO().start().waitFor());
        }
    }

    private Terminal ann(Path state) {
        var terminal = new Terminal(folder);
        terminal.environment.putAll(Map.of("HOME", folder.resolve("home").toString(), "XDG_STATE_HOME", state.toString(),
                "CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + server.address().getPort(),
                "CIPHERLINK_CLIENT_IDENTITY", folder.resolve("ann").toString()));
        return terminal;
    }

    /// No user, not even root, can make a folder in it.
    private Path unwritable() throws IOException {
        return Files.writeString(folder.resolve("state"), "a file");
    }

    private Path full() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        Assumptions.assumeTrue(new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0, "only root can mount a small disk");
        mounted = disk;
        Files.write(disk.resolve("ballast"), new byte[64 << 10]);
        return disk;
    }

    /// Issue 14.10: it said "cannot connect", and asked whether the server was running.
    @Test
    void namesTheKnownHostsWhereAKeyCannotBeKept() throws Exception {
        Path state = unwritable();
        Terminal ann = ann(state);
        Path file = state.resolve("cipherlink/known_hosts");
        assertEquals(2, ann.run("ping", "--accept-new-host-key"));
        assertTrue(ann.err().startsWith("cipherlink: cannot use the known hosts " + file + ": "), ann.err());
        assertTrue(ann.err().endsWith("\n  try: --host-key FINGERPRINT, which needs no file\n"), ann.err());
        assertEquals(0, ann.run("ping", "-n", "1", "--host-key", host.publicKey().fingerprint().toString()), ann.err());

        ann = ann(full());
        assertEquals(2, ann.run("ping", "--accept-new-host-key"));
        assertTrue(ann.err().startsWith("cipherlink: cannot use the known hosts " + mounted.resolve("cipherlink/known_hosts")), ann.err());
        assertTrue(ann.err().contains("No space left on device\n"), ann.err());
    }

    /// Issue 14.10: the prompt ended with status 70.
    @Test
    void thePromptGoesOnWithoutAHistoryAndSaysSo() throws Exception {
        Path state = unwritable();
        try (TmuxTerminal chat = chat("ann", 120, 24, server.address().getPort(), Map.of("XDG_STATE_HOME", state.toString()))) {
            chat.enter("SET a 1");
            chat.enter("GET a");
            chat.awaitText("OK");
            awaitOneWarning(chat);
        }
        assertEquals("a file", Files.readString(state));
    }

    /// Issue 14.10: each line that was entered drew a warning over the prompt.
    @Test
    void thePromptSaysOnceThatItsHistoryIsFull() throws Exception {
        try (TmuxTerminal chat = chat("ann", 120, 24, server.address().getPort(), Map.of("XDG_STATE_HOME", full().toString(),
                "CIPHERLINK_HISTORY_SECRETS", "true"))) {
            for (int line = 0; line < 3; line++) {
                chat.enter("ECHO line" + line);
                chat.awaitText("Echo: line" + line);
            }
            chat.awaitText("what is typed is not kept any more: ");
            awaitOneWarning(chat);
        }
    }

    private static void awaitOneWarning(TmuxTerminal chat) {
        Awaitility.await().untilAsserted(() -> {
            String everything = chat.everything();
            assertEquals(1, everything.split("what is typed is not kept", -1).length - 1, everything);
            assertFalse(everything.contains("WARN"), everything);
        });
    }

    private record Ended(int status, String out, String err) {
    }

    /// Runs `serve` behind a shell's words until it is ready, or ends.
    private Ended serve(List<String> before, String shell) throws Exception {
        var command = new ArrayList<>(before);
        command.addAll(List.of("sh", "-c", shell + " && exec \"$0\" \"$@\""));
        command.addAll(JavaProgram.command(folder, List.of(), Main.class, "serve", "--port", "0", "--data",
                folder.resolve("data").toString(), "--clients", "any"));
        Path errors = folder.resolve("errors");
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(errors.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("CIPHERLINK_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.resolve("home").toString());
        Process serve = builder.start();
        try (var lines = serve.inputReader()) {
            String ready = lines.readLine();
            serve.destroy();
            assertTrue(serve.waitFor(60, TimeUnit.SECONDS));
            return new Ended(serve.exitValue(), String.valueOf(ready), Files.readString(errors, StandardCharsets.UTF_8));
        } finally {
            serve.destroyForcibly();
        }
    }

    /// Issue 14.10: without `/proc/mounts` the store had no disk that it could ask for room.
    @Test
    void servesWhereProcHasProcessesOnly() throws Exception {
        OtherUser.assume();
        var unshare = List.of("unshare", "--mount");
        Assumptions.assumeTrue(new ProcessBuilder("unshare", "--mount", "mount", "-t", "proc", "-o", "subset=pid", "proc", "/proc")
                .redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0, "this system has no such mount");
        Ended ended = serve(unshare, "mount -t proc -o subset=pid proc /proc && ! test -e /proc/mounts");
        assertTrue(ended.out().startsWith("listening on "), ended.err());
        assertEquals(0, ended.status(), ended.err());
    }

    /// Issue 14, row 26: with 64 descriptors every connection ended with INTERNAL_ERROR, for ever.
    @Test
    void refusesToServeWithoutDescriptors() throws Exception {
        int least = 0;
        for (int limit = 80; least == 0 && limit < 200; limit += 8) {
            Ended ended = serve(List.of(), "ulimit -n " + limit);
            if (ended.out().startsWith("listening on ")) {
                least = limit;
            } else {
                assertEquals(2, ended.status(), ended.err());
                String last = ended.err().lines().reduce((_, line) -> line).orElseThrow();
                assertTrue(ended.err().contains("Too many open files")
                        || ended.err().contains("descriptors (ulimit -n), which is too few: "), last);
            }
        }
        assertTrue(least > 80, "some limit was too low: " + least);
    }
}
