package dev.cipherlink.cli.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.IdentityRig;
import dev.cipherlink.crypto.Identity;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// `agent` as a process of its own, with commands that use its key against a server.
class AgentIT extends IdentityRig {
    private Path socket;
    private Process agent;

    @BeforeEach
    void makeAKeyWithAPassphrase() {
        ann.environment.put("XDG_RUNTIME_DIR", folder.resolve("run").toString());
        socket = folder.resolve("run/cipherlink/agent");
        assertEquals(0, ann.runTyping("open sesame\nopen sesame\n", "keygen", "identity", "--passphrase"), ann.err());
        assertEquals(0, ann.run("authorize", ann.out().strip()), ann.err());
    }

    @AfterEach
    void stop() throws InterruptedException {
        if (agent != null) {
            agent.destroyForcibly().waitFor();
        }
    }

    private Process start() throws IOException {
        return process(List.of("-Xmx64m"), "agent");
    }

    private void startAgent() throws IOException {
        agent = start();
        assertEquals("ready " + socket, agent.inputReader().readLine(), stderr());
    }

    /// Again if the agent, which has 3 s to answer, was too busy with its start.
    private void unlock() {
        Awaitility.await().untilAsserted(() -> assertEquals(0, ann.runTyping("open sesame\n", "agent", "unlock"), ann.err()));
    }

    @Test
    void commandsUseTheKeyOfTheAgentWithoutATerminal() throws Exception {
        assertEquals(2, ann.run("kv", "SET", "a", "1"));
        assertTrue(ann.err().contains("there is no terminal to ask for it; `cipherlink agent unlock` before"), ann.err());

        startAgent();
        assertEquals(2, ann.run("kv", "SET", "a", "1"), "it holds nothing yet");
        unlock();
        assertTrue(ann.out().startsWith("unlocked "), ann.out());
        assertEquals(0, ann.run("kv", "SET", "a", "1"), ann.err());
        assertEquals("", ann.err());
        assertEquals(0, ann.run("kv", "-v", "GET", "a"), ann.err());
        assertTrue(ann.err().contains("cipherlink: identity: the agent at " + socket + " holds it\n"), ann.err());
        ann.environment.put("CIPHERLINK_CLIENT_SUITES", "classic");
        assertEquals(0, ann.run("whoami"), ann.err());
        assertTrue(ann.out().contains("ann"), ann.out());

        assertEquals(0, ann.run("--json", "agent", "list"), ann.err());
        assertTrue(ann.out().matches("\\{\"fingerprint\":\"[a-z0-9-]{39}\",\"seconds_left\":28\\d{3},\"file\":\".*/identity\"}\n"), ann.out());
        assertEquals(0, ann.run("agent", "list"), ann.err());
        assertTrue(ann.out().matches("[a-z0-9-]{39} \\S+ .*/home/.config/cipherlink/identity\n"), ann.out());

        assertEquals(0, ann.run("kv", "SET", "--seal", "sealed", "secret"), ann.err());
        assertEquals(0, ann.run("kv", "GET", "sealed"), ann.err());
        assertEquals("secret", ann.out());

        ann.environment.put("CIPHERLINK_CLIENT_AGENT", "off");
        assertEquals(2, ann.run("kv", "GET", "a"));
        ann.environment.remove("CIPHERLINK_CLIENT_AGENT");
        assertEquals(0, ann.run("agent", "lock"), ann.err());
        assertEquals("forgotten: 1\n", ann.out());
        assertEquals(2, ann.run("kv", "GET", "a"));
        unlock();
        assertEquals(0, ann.run("kv", "GET", "a"), ann.err());

        assertEquals(0, ann.run("agent", "stop"), ann.err());
        assertTrue(agent.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, agent.exitValue());
        assertFalse(Files.exists(socket));
        assertEquals("", stderr());
    }

    /// Another key under the same name is not that of the agent.
    @Test
    void aFileThatHasChangedIsNotMixedUp() throws Exception {
        startAgent();
        unlock();
        assertEquals(0, ann.runTyping("other\nother\n", "keygen", "identity", "--passphrase", "--force"), ann.err());
        assertEquals(2, ann.run("kv", "GET", "a"), "no terminal for the new passphrase");
        assertEquals(4, ann.runTyping("other\n", "kv", "GET", "a"), "the new key is asked for, and unknown to the server");
        assertEquals(2, ann.runTyping("wrong\nwrong\nwrong\n", "agent", "unlock"));
        assertTrue(ann.err().contains("wrong passphrase"), ann.err());
        assertEquals(0, ann.run("keys", "list"), ann.err());
    }

    @Test
    void aStoppedOrDeadAgentIsALineAndNoHang() throws Exception {
        startAgent();
        unlock();
        signal(agent, "STOP");
        assertEquals(2, ann.run("kv", "GET", "a"));
        assertTrue(ann.err().startsWith("cipherlink: the agent at " + socket + " does not answer\n"), ann.err());
        assertEquals(1, ann.runTyping("open sesame\n", "kv", "GET", "a"), "a terminal is asked all the same");
        assertEquals(2, ann.run("agent", "list"));
        assertEquals("cipherlink: the agent at " + socket + " does not answer\n  try: cipherlink agent &\n", ann.err());
        Process second = start();
        assertTrue(second.waitFor(60, TimeUnit.SECONDS));
        assertEquals(2, second.exitValue());
        assertEquals("cipherlink: cannot run an agent: an agent is running already at " + socket + "\n",
                stderr());
        signal(agent, "CONT");
        Awaitility.await().untilAsserted(() -> assertEquals(1, ann.run("kv", "GET", "a"), ann.err()));

        agent.destroyForcibly().waitFor();
        assertTrue(Files.exists(socket, LinkOption.NOFOLLOW_LINKS));
        assertEquals(2, ann.run("kv", "GET", "a"));
        assertTrue(ann.err().contains("there is no terminal"), ann.err());
        assertEquals(2, ann.runTyping("", "agent", "unlock"));
        assertEquals("cipherlink: no agent is running at " + socket + "\n  try: cipherlink agent &\n", ann.err(), "no question before");
        startAgent();
        unlock();
        assertEquals(1, ann.run("kv", "GET", "a"), ann.err());
        signal(agent, "TERM");
        assertTrue(agent.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, agent.exitValue());
    }

    /// The page of the key cannot be read between two uses, so that whatever can be read has to be without it.
    @Test
    void nothingOfTheKeyIsInReadableMemoryOfTheAgent() throws Exception {
        Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/maps")), "Linux");
        startAgent();
        unlock();
        assertEquals(1, ann.run("kv", "GET", "a"), ann.err());
        byte[][] secret = new byte[1][];
        try (Identity own = Identity.load(folder.resolve("home/.config/cipherlink/identity"), _ -> "open sesame".toCharArray())) {
            own.lendSecret(bytes -> secret[0] = bytes.clone());
        }
        assertTrue(Files.readString(Path.of("/proc/" + agent.pid() + "/status")).matches("(?s).*VmLck:\\s+[1-9]\\d* kB.*"), "locked memory");
        assertEquals(0, occurrences(secret[0]));
        assertTrue(occurrences("cipherlink/agent".getBytes(StandardCharsets.UTF_8)) > 0, "the memory was really read");
    }

    private int occurrences(byte[] pattern) throws IOException {
        int found = 0;
        try (var memory = new RandomAccessFile("/proc/" + agent.pid() + "/mem", "r")) {
            for (String line : Files.readAllLines(Path.of("/proc/" + agent.pid() + "/maps"))) {
                String[] parts = line.split("\\s+|-");
                long from = Long.parseUnsignedLong(parts[0], 16);
                long to = Long.parseUnsignedLong(parts[1], 16);
                if (parts[2].startsWith("rw") && !line.contains("[v")) {
                    found += occurrences(memory, from, to, pattern);
                }
            }
        }
        return found;
    }

    private static int occurrences(RandomAccessFile memory, long from, long to, byte[] pattern) throws IOException {
        byte[] chunk = new byte[1 << 20];
        int found = 0;
        for (long at = from; at < to; at += chunk.length - pattern.length + 1) {
            memory.seek(at);
            int length = memory.read(chunk, 0, (int) Math.min(chunk.length, to - at));
            for (int i = 0; i + pattern.length <= length; i++) {
                int k = 0;
                while (k < pattern.length && chunk[i + k] == pattern[k]) {
                    k++;
                }
                found += k == pattern.length ? 1 : 0;
            }
        }
        return found;
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertEquals(2, ann.run("agent", "list"));
        assertEquals("cipherlink: no agent is running at " + socket + "\n  try: cipherlink agent &\n", ann.err());
        ann.environment.put("CIPHERLINK_AGENT_SOCKET", folder.resolve("x".repeat(100)).toString());
        Process process = start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(2, process.exitValue());
        assertTrue(stderr().contains("name a shorter one in agent.socket"));
        ann.environment.remove("CIPHERLINK_AGENT_SOCKET");
        startAgent();
        assertEquals(0, ann.run("keygen", "identity", "plain"), ann.err());
        assertEquals(2, ann.runTyping("", "agent", "unlock", "plain"));
        assertEquals("cipherlink: " + folder.resolve("plain") + " has no passphrase, and needs no agent\n"
                + "  try: cipherlink keys passphrase\n", ann.err());
        assertEquals(2, ann.runTyping("", "agent", "unlock", "nowhere"));
        assertTrue(ann.err().startsWith("cipherlink: cannot use identity " + folder.resolve("nowhere") + ": no such key file"), ann.err());
        assertEquals(2, ann.run("agent", "unlock"));
        assertTrue(ann.err().contains("there is no terminal"), ann.err());
    }
}
