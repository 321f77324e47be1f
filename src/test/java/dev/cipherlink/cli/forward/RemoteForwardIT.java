package dev.cipherlink.cli.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.IdentityRig;
import dev.cipherlink.forward.Programs;
import dev.cipherlink.forward.Programs.Service;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// `forward -R` with programs that know nothing of it: nginx on the side of the client, curl on that of the server.
class RemoteForwardIT extends IdentityRig {

    private byte[] page;

    private Service nginx() throws IOException, InterruptedException {
        page = new byte[3_000_000];
        new Random(1).nextBytes(page);
        Path web = Files.createDirectories(folder.resolve("web/www"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.write(web.resolve("page"), page);
        Files.writeString(folder.resolve("web/template"), """
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log stderr;
                events { worker_connections 64; }
                http {
                  access_log off;
                  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                  server { listen 127.0.0.1:PORT; root www; }
                }
                """);
        return Service.start(web.getParent(), "sh", "-c", "sed s/PORT/{port}/ template > nginx.conf; exec \"$@\"", "sh",
                Programs.require("nginx", "nginx"), "-p", web.getParent() + "/", "-e", "stderr", "-c", "nginx.conf");
    }

    private void downloads(String... curlOptions) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(Programs.require("curl", "curl"), "-sS", "--max-time", "60", "-o", "got"));
        command.addAll(List.of(curlOptions));
        Programs.run(folder, command.toArray(String[]::new));
        assertArrayEquals(page, Files.readAllBytes(folder.resolve("got")));
    }

    private static void end(Process forward) throws InterruptedException {
        forward.destroyForcibly();
        assertTrue(forward.waitFor(60, TimeUnit.SECONDS));
    }

    @Test
    void nginxIsReachedAtTheServerDirectlyAndBySocksAndAgainAfterARestart() throws Exception {
        authorizeAnn("--listen", "localhost:*");
        try (Service nginx = nginx()) {
            Process forward = process("forward", "-R", "0:localhost:" + nginx.port(), "-R", "127.0.0.1:0");
            int web;
            try (BufferedReader lines = forward.inputReader()) {
                String ready = lines.readLine();
                web = portOf(ready);
                assertEquals("ready 127.0.0.1:" + web + " at the server -> localhost:" + nginx.port(), ready);
                ready = lines.readLine();
                int proxy = portOf(ready);
                assertEquals("ready 127.0.0.1:" + proxy + " at the server -> SOCKS, HTTP", ready);
                downloads("http://127.0.0.1:" + web + "/page");
                String page = "http://localhost:" + nginx.port() + "/page";
                downloads("--socks5-hostname", "127.0.0.1:" + proxy, page);
                downloads("--socks4a", "127.0.0.1:" + proxy, page);
                downloads("--proxytunnel", "--proxy", "http://127.0.0.1:" + proxy, page);
                assertEquals(0, ann.run("forward", "--status"), ann.err());
                assertTrue(ann.out().matches("(?s)process .*: 127.0.0.1:" + web + " at the server -> localhost:" + nginx.port() + ": ready, .* 1 opened, .*"
                        + " -> SOCKS, HTTP: ready, .* 3 opened, .*"), ann.out());
                assertEquals(0, ann.run("kv", "INFO"), ann.err());
                assertTrue(ann.out().contains("\nforward_listeners: 2\n"), ann.out());
            } finally {
                end(forward);
            }
            Process again = process("forward", "-R", web + ":localhost:" + nginx.port());
            try (BufferedReader lines = again.inputReader()) {
                assertEquals(web, portOf(lines.readLine()));
                downloads("http://127.0.0.1:" + web + "/page");
            } finally {
                end(again);
            }
        }
    }

    @Test
    void whatTheServerDoesNotAllowEndsTheStart() throws Exception {
        authorizeAnn("--listen", "127.0.0.1:1-65535,/run/other.sock");
        assertEquals(6, ann.run("forward", "-R", "*:8080:localhost:80"));
        assertTrue(ann.err().startsWith("cipherlink: cannot listen at the server: no rule admits listening on *:8080: the operator of the server "
                + "can add listen=*:8080 to the line of your key"), ann.err());
        assertEquals(6, ann.run("forward", "-R", folder.resolve("web.sock") + ":localhost:80"));
        assertEquals(6, ann.run("forward", "-R", "example.org:8080:localhost:80"));
        assertTrue(ann.err().contains("not on the name example.org"), ann.err());
        assertEquals(2, ann.run("forward", "-R", "8080:localhost:80", "--via", "127.0.0.1:1"));
        assertTrue(ann.err().startsWith("cipherlink: -R does not go through another server (option --via)\n"), ann.err());
        assertEquals(2, ann.run("forward", "-R", "8080:localhost"));
        assertEquals(2, ann.run("forward", "-R", "8080:localhost:80", "--socks-passwords", "x"));
        assertEquals("", ann.out());
    }

    @Test
    @SuppressWarnings("try") // it is closed in the midst
    void anAddressThatIsTakenEndsTheStartOrIsWaitedForByAProfileToo() throws Exception {
        Path socket = folder.resolve("s/web.sock");
        Files.createDirectories(socket.getParent());
        authorizeAnn("--listen", "localhost:*," + socket);
        try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")); var target = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            String spec = "127.0.0.1:" + taken.getLocalPort() + ":127.0.0.1:" + target.getLocalPort();
            assertEquals(6, ann.run("forward", "-R", spec));
            assertTrue(ann.err().startsWith("cipherlink: cannot listen at the server: 127.0.0.1:" + taken.getLocalPort() + ": "), ann.err());
            assertTrue(ann.err().contains("--retry-bind"), ann.err());
            Path file = Files.writeString(folder.resolve("home/.config/cipherlink/cipherlink.yaml"),
                    "forward:\n  web: -R " + spec + " -R " + socket + ":127.0.0.1:" + target.getLocalPort() + "\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            Process forward = process("forward", "web", "--retry-bind");
            try (BufferedReader lines = forward.inputReader()) {
                assertEquals("ready " + socket + " at the server -> 127.0.0.1:" + target.getLocalPort(), lines.readLine(), this::quietly);
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
                taken.close();
                assertEquals(taken.getLocalPort(), portOf(lines.readLine()));
                assertTrue(stderr().contains("waiting to listen at the server: 127.0.0.1:" + taken.getLocalPort()), stderr());
                forward.destroy();
                assertTrue(forward.waitFor(60, TimeUnit.SECONDS));
                assertEquals(0, forward.exitValue(), stderr());
            } finally {
                end(forward);
            }
        }
    }

    private String quietly() {
        try {
            return stderr();
        } catch (IOException e) {
            return e.toString();
        }
    }
}
