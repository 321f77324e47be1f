package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.console.Terminal;
import dev.cipherlink.peer.JavaProgram;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The errors where no Cipherlink server can be reached, and SIGHUP to a server.
@Tag("slow")
class WrongServerIT {
    @TempDir
    Path folder;

    private Terminal terminal(int port) {
        Terminal terminal = new Terminal(folder);
        terminal.environment.put("HOME", folder.toString());
        terminal.environment.put("CIPHERLINK_CLIENT_SERVER", "127.0.0.1:" + port);
        return terminal;
    }

    /// A server of another kind, for some connections.
    ///
    /// @param greets whether it speaks first; else it answers the first line
    private static ServerSocket serve(String says, boolean greets) throws IOException {
        ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().start(() -> {
            while (!listener.isClosed()) {
                try {
                    Socket socket = listener.accept();
                    Thread.ofPlatform().daemon().start(() -> talk(socket, says, greets));
                } catch (IOException e) {
                    return;
                }
            }
        });
        return listener;
    }

    private static void talk(Socket socket, String says, boolean greets) {
        try (socket) {
            if (!greets) {
                byte[] head = socket.getInputStream().readNBytes(6);
                if (!new String(head, StandardCharsets.ISO_8859_1).equals("PING\r\n")) {
                    socket.getInputStream().readAllBytes(); // it waits for the end of a line that does not come
                    return;
                }
            }
            socket.getOutputStream().write(says.getBytes(StandardCharsets.ISO_8859_1));
            socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            // the client has seen enough
        }
    }

    /// Issue 14.9, verdict 46: "packet version 83 where 2 is expected", status 4, "try: cipherlink authorize".
    @ParameterizedTest
    @CsvSource({"SSH-2.0-OpenSSH_9.2p1, true, an SSH server (SSH-2.0-OpenSSH_9.2p1)",
        "HTTP/1.1 400 Bad Request, true, a web server", "HTTP/1.0 400 Bad, false, a web server",
        "+PONG, false, a Redis server", "-NOAUTH Authentication required., false, a Redis server",
        "220 mail ESMTP, true, a mail or FTP server"})
    void aServerOfAnotherKindIsNamed(String says, boolean greets, String name) throws IOException {
        try (ServerSocket other = serve(says + "\r\n", greets)) {
            Terminal terminal = terminal(other.getLocalPort());
            assertEquals(3, terminal.run("kv", "--timeout", "2s", "--accept-new-host-key", "PING"));
            assertTrue(terminal.err().contains("cipherlink: cannot connect to 127.0.0.1:" + other.getLocalPort() + ": that is "
                    + name + ", no Cipherlink server\n"), terminal.err());
            terminal.run("keygen", "shared", "k");
            assertEquals(3, terminal.run("kv", "--timeout", "2s", "--shared-key", "k", "PING"));
            assertTrue(terminal.err().contains("that is " + name + ", no Cipherlink server\n"), terminal.err());
        }
    }

    /// Issue 14.9: told as "the server closed the connection during the handshake".
    @Test
    void anAddressThatCannotBeReachedIsToldAsSuch() {
        Terminal terminal = terminal(1);
        assertEquals(3, terminal.run("kv", "-s", "255.255.255.255:9", "--timeout", "5s", "PING"));
        assertTrue(terminal.err().contains("cannot connect to 255.255.255.255:9: "), terminal.err());
        assertTrue(!terminal.err().contains("handshake") && !terminal.err().contains("closed"), terminal.err());
        assertTrue(terminal.err().contains("try: is the server running there?"), terminal.err());
    }

    /// A server from before the post-quantum handshake closes at the header of its first packet: it is running there.
    @ParameterizedTest
    @ValueSource(strings = {"kv PING", "forward --stdio 127.0.0.1:9"})
    void aServerThatIsTooOldIsNotLookedForElsewhere(String command) throws IOException {
        try (ServerSocket old = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try (Socket socket = old.accept()) {
                    socket.getInputStream().readNBytes(9);
                } catch (IOException e) {
                    // the client's message is what is tested
                }
            });
            Terminal terminal = terminal(old.getLocalPort());
            assertEquals(3, terminal.run(command.split(" ")));
            assertTrue(terminal.err().contains("cannot connect to 127.0.0.1:" + old.getLocalPort() + ": the server closed the "
                    + "connection at the post-quantum handshake: it may be too old for that (client.suites=classic "), terminal.err());
            assertFalse(terminal.err().contains("try: "), terminal.err());
        }
    }

    /// Issue 14.9: SIGHUP ended the server with 129, without a drain and without a line.
    @Test
    void aServerGoesOnAfterSighup() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(JavaProgram.command(folder, List.of(), Main.class,
                "serve", "--port", "0", "--engine", "memory", "--data", "d")).directory(folder.toFile())
                .redirectError(folder.resolve("log").toFile());
        builder.environment().put("HOME", folder.toString());
        builder.environment().keySet().removeIf(name -> name.startsWith("XDG_") || name.startsWith("CIPHERLINK_"));
        Process serve = builder.start();
        try (var lines = serve.inputReader()) {
            String address = lines.readLine().split(" ")[2];
            new ProcessBuilder("kill", "-HUP", String.valueOf(serve.pid())).start().waitFor();
            Awaitility.await().until(() -> Files.readString(folder.resolve("log")).contains("SIGHUP: keys, log and settings"));
            Terminal terminal = terminal(Integer.parseInt(address.substring(address.indexOf(':') + 1)));
            assertEquals(0, terminal.run("authorize", "--name", "ann", publicLine(terminal)), terminal.err());
            assertEquals(0, terminal.run("kv", "--accept-new-host-key", "PING"), terminal.err());
            serve.toHandle().destroy();
            assertTrue(serve.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, serve.exitValue());
        } finally {
            serve.destroyForcibly();
        }
    }

    private static String publicLine(Terminal terminal) {
        assertEquals(0, terminal.run("keygen", "identity"), terminal.err());
        return terminal.out().strip();
    }
}
