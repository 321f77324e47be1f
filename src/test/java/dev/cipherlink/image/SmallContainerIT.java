package dev.cipherlink.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.peer.OtherUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The image's server where a control group lets it have little, as in a small container. Takes root.
@Tag("slow")
class SmallContainerIT {
    private static final String IMAGE = Path.of("target/cipherlink").toAbsolutePath().toString();
    private static final Path GROUPS = Path.of("/sys/fs/cgroup");
    private static final int CLIENTS = 4;

    @TempDir
    Path folder;
    private final SharedKey key = SharedKey.generate();
    private String program = IMAGE + "/bin/cipherlink";
    private Path group;
    private Process server;

    /// Makes a group with so much memory, by either version of control groups.
    private void limit(int mebibytes) throws IOException {
        OtherUser.assume();
        boolean isFirst = Files.isWritable(GROUPS.resolve("memory/cgroup.procs"));
        group = GROUPS.resolve(isFirst ? "memory" : "").resolve("cipherlink-test-" + ProcessHandle.current().pid());
        try {
            Files.createDirectory(group);
            Files.writeString(group.resolve(isFirst ? "memory.limit_in_bytes" : "memory.max"), Long.toString((long) mebibytes << 20));
        } catch (IOException e) {
            Assumptions.abort("no control group for memory can be made here: " + e);
        }
    }

    @AfterEach
    void end() throws Exception {
        if (server != null) {
            server.destroyForcibly().waitFor();
        }
        if (group != null) {
            Files.deleteIfExists(group);
        }
        key.close();
    }

    /// @return the address
    private String serve(String... before) throws Exception {
        key.save(folder.resolve("key"), false);
        var command = new ArrayList<>(List.of("sh", "-c", "echo $$ >" + group + "/cgroup.procs && exec taskset -c 0 \"$@\"", "sh"));
        command.addAll(List.of(before));
        command.addAll(List.of(program, "serve", "--port", "0", "--shared-key", "key", "--data", "data"));
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectError(folder.resolve("stderr").toFile());
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        builder.environment().put("HOME", folder.toString());
        server = builder.start();
        String ready = server.inputReader().readLine();
        assertTrue(ready != null && ready.startsWith("listening on "), () -> ready + said());
        return ready.split(" ")[2];
    }

    private String said() {
        try {
            return Files.readString(folder.resolve("stderr"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private List<Reply> setAtOnce(String address, int bytes) throws Exception {
        byte[] value = new byte[bytes];
        Arrays.fill(value, (byte) 'v');
        int port = Integer.parseInt(address.split(":")[1]);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                byte[] prefix = ("SET big" + i + " ").getBytes();
                byte[] command = Arrays.copyOf(prefix, prefix.length + bytes);
                System.arraycopy(value, 0, command, prefix.length, bytes);
                replies.add(threads.submit(() -> {
                    try (Client client = Client.connect(ClientConfig.to("127.0.0.1", port, new Credentials.Shared(key)))) {
                        return client.request(command);
                    }
                }));
            }
            List<Reply> all = new ArrayList<>();
            for (Future<Reply> reply : replies) {
                all.add(reply.get(4, TimeUnit.MINUTES));
            }
            try (Client client = Client.connect(ClientConfig.to("127.0.0.1", port, new Credentials.Shared(key)))) {
                assertEquals("PONG", client.request("PING").text(), this::said);
            }
            return all;
        }
    }

    /// The kernel killed it.
    @Test
    void outlivesLargeValuesAtOnceIn128MebibytesAndOneProcessor() throws Exception {
        limit(128);
        String address = serve();

        for (int bytes : List.of(8_000_000, 8 << 20, 4_000_000)) {
            List<Reply> replies = setAtOnce(address, bytes);
            assertTrue(replies.stream().noneMatch(Reply::isError), () -> replies.stream().map(Reply::text).toList() + said());
        }
        assertTrue(server.isAlive(), this::said);
        assertTrue(said().contains("values of more than "), "it says at its start how large a value may be: " + said());
        assertFalse(said().contains("the system may end it"), said());
    }

    @Test
    void saysAtItsStartThatThereIsTooLittleMemory() throws Exception {
        limit(96);
        serve();
        assertTrue(said().contains("cipherlink: this process may have 96 MiB of memory, and needs up to "), said());
    }

    /// Nothing but its data can be written, there is no temporary folder, and its user has no entry in passwd.
    @Test
    void servesOnAReadOnlyRootWithoutATemporaryFolder() throws Exception {
        limit(512);
        List<String> user = List.of("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups");
        // The checkout may be in /tmp, or in a folder that others may not enter.
        String mounts = "mount --bind '" + IMAGE + "' /media && mount --bind . /mnt && cd /mnt && mount -o remount,bind,ro / "
                + "&& mount -t tmpfs -o ro tmpfs /tmp "
                + "&& mount -t tmpfs -o ro tmpfs /var/tmp && ! touch /tmp/x 2>/dev/null && ! touch /x 2>/dev/null";
        Assumptions.assumeTrue(new ProcessBuilder("unshare", "--mount", "sh", "-c", mounts).directory(folder.toFile()).start().waitFor() == 0,
                "this system has no such mounts");
        var before = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", "chown -R 54321:54321 . && " + mounts + " && HOME=/mnt exec \"$@\"", "sh"));
        before.addAll(user);

        program = "/media/bin/cipherlink";
        String address = serve(before.toArray(String[]::new));

        assertTrue(setAtOnce(address, 1_000).stream().noneMatch(Reply::isError), this::said);
        server.destroy();
        assertTrue(server.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, server.exitValue(), this::said);
    }
}
