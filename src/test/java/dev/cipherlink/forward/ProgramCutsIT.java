package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.cipherlink.fault.Ending;
import dev.cipherlink.fault.FaultPlan;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Programs that know nothing of us use a forward, and our connection is cut under them. They see a pause.
class ProgramCutsIT {

    private static final int CUTS = 3;
    private static final int BYTES = 8 << 20;
    /// Of a connection that is to be cut, before it is.
    private static final int BYTES_TO_A_CUT = BYTES / (CUTS + 1);

    @TempDir
    Path folder;

    private static String port(ForwardListener listener) {
        return String.valueOf(listener.address().getPort());
    }

    private static byte[] random(int seed) {
        byte[] bytes = new byte[BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private void assertSame(byte[] expected, String file) throws IOException {
        assertArrayEquals(expected, Files.readAllBytes(folder.resolve(file)), file);
    }

    @Test
    void curlDownloadsAndUploads() throws Exception {
        String curl = Programs.require("curl", "curl");
        byte[] page = random(1);
        Files.write(folder.resolve("page"), page);
        var uploaded = new CompletableFuture<byte[]>();
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/", exchange -> {
            boolean isUpload = exchange.getRequestMethod().equals("PUT");
            if (isUpload) {
                uploaded.complete(exchange.getRequestBody().readAllBytes());
            }
            byte[] answer = isUpload ? new byte[] {'!'} : page;
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        web.start();
        try {
            try (var rig = CutRig.cutting(CUTS, BYTES_TO_A_CUT); var listener = rig.forwardTo(web.getAddress().getPort())) {
                Programs.run(folder, curl, "-sS", "-o", "copy", "http://127.0.0.1:" + port(listener) + "/");
                assertSame(page, "copy");
                rig.assertUnnoticed(CUTS);
            }
            try (var rig = CutRig.cutting(CUTS, BYTES_TO_A_CUT); var listener = rig.forwardTo(web.getAddress().getPort())) {
                assertEquals("!", Programs.run(folder, curl, "-sS", "-T", "page", "http://127.0.0.1:" + port(listener) + "/"));
                assertArrayEquals(page, uploaded.get());
                rig.assertUnnoticed(CUTS);
            }
        } finally {
            web.stop(0);
        }
    }

    @Test
    void gitPushesAndClones() throws Exception {
        String git = Programs.assume("git");
        byte[] content = random(2);
        Programs.run(folder, git, "init", "-q", "--bare", "origin.git");
        Programs.run(folder, git, "init", "-q", "-b", "main", "work");
        Path work = folder.resolve("work");
        Files.write(work.resolve("content"), content);
        Programs.run(work, git, "add", ".");
        Programs.run(work, git, "-c", "user.name=ann", "-c", "user.email=ann@example", "commit", "-q", "-m", "first");
        try (var daemon = Services.git(folder)) {
            try (var rig = CutRig.cutting(CUTS, BYTES_TO_A_CUT); var listener = rig.forwardTo(daemon.port())) {
                Programs.run(work, git, "push", "-q", "git://127.0.0.1:" + port(listener) + "/origin.git", "main");
                rig.assertUnnoticed(CUTS);
            }
            try (var rig = CutRig.cutting(CUTS, BYTES_TO_A_CUT); var listener = rig.forwardTo(daemon.port())) {
                Programs.run(folder, git, "clone", "-q", "-b", "main", "git://127.0.0.1:" + port(listener) + "/origin.git", "clone");
                rig.assertUnnoticed(CUTS);
            }
        }
        assertSame(content, "clone/content");
        Programs.run(folder.resolve("clone"), git, "fsck", "--strict");
    }

    @Test
    void rsyncCopiesBothWays() throws Exception {
        String rsync = Programs.assume("rsync");
        byte[] content = random(3);
        try (var daemon = Services.rsync(folder); var rig = CutRig.cutting(2 * CUTS, BYTES_TO_A_CUT);
             var listener = rig.forwardTo(daemon.port())) {
            Files.write(folder.resolve("data/content"), content);
            String at = "rsync://127.0.0.1:" + port(listener) + "/data/";
            Programs.run(folder, rsync, "-a", at, "copy/");
            assertSame(content, "copy/content");
            rig.assertUnnoticed(CUTS);
            Files.copy(folder.resolve("copy/content"), folder.resolve("copy/again"));
            Programs.run(folder, rsync, "-az", "copy/", at);
            assertSame(content, "data/again");
            rig.assertUnnoticed(2 * CUTS);
        }
    }

    @Test
    void rcloneCopiesBothWays() throws Exception {
        String rclone = Programs.assume("rclone");
        byte[] content = random(4);
        try (var service = Services.webdav(folder); var rig = CutRig.cutting(2 * CUTS, BYTES_TO_A_CUT);
             var listener = rig.forwardTo(service.port())) {
            Files.write(folder.resolve("data/content"), content);
            String there = ":webdav,url='http://127.0.0.1:" + port(listener) + "/':";
            String[] copy = {rclone, "--config", "/dev/null", "--retries", "1", "--low-level-retries", "1", "copy"};
            Programs.run(folder, Services.command(copy, there, "copy"));
            assertSame(content, "copy/content");
            rig.assertUnnoticed(CUTS);
            Files.copy(folder.resolve("copy/content"), folder.resolve("copy/again"));
            Programs.run(folder, Services.command(copy, "copy", there));
            assertSame(content, "data/again");
            rig.assertUnnoticed(2 * CUTS);
        }
    }

    /// A transaction is left open while the connection is cut in each way. `-C` of pgbench connects anew for each transaction.
    @Test
    void aTransactionOfPsqlAndThoseOfPgbenchGoOn() throws Exception {
        String psql = Programs.assume("psql");
        String pgbench = Programs.assume("pgbench");
        try (var service = Services.postgres(folder)) {
            try (var rig = new CutRig(_ -> FaultPlan.CLEAN); var listener = rig.forwardTo(service.port())) {
                Process session = new ProcessBuilder(psql, "-h", "127.0.0.1", "-p", port(listener), "-U", "ann", "-qAtd", "postgres")
                        .redirectErrorStream(true).start();
                try (BufferedReader answers = session.inputReader(); Writer typed = session.outputWriter()) {
                    assertEquals("0", ask(typed, answers, "CREATE TABLE t (n int); BEGIN; SELECT count(*) FROM t;"));
                    rig.proxy.endAll(Ending.RST);
                    assertEquals("1", ask(typed, answers, "INSERT INTO t VALUES (1); SELECT count(*) FROM t;"));
                    rig.proxy.swallowAll();
                    assertEquals("2", ask(typed, answers, "INSERT INTO t VALUES (2); SELECT count(*) FROM t;"));
                    rig.proxy.endAll(Ending.FIN);
                    assertEquals("2", ask(typed, answers, "COMMIT; SELECT count(*) FROM t;"));
                    typed.write("\\q\n");
                    typed.flush();
                    assertTrue(session.waitFor(1, TimeUnit.MINUTES));
                } finally {
                    session.destroyForcibly();
                }
                rig.assertUnnoticed(CUTS);
            }
            try (var rig = CutRig.cutting(CUTS, 25_000); var listener = rig.forwardTo(service.port())) {
                String[] bench = {pgbench, "-h", "127.0.0.1", "-p", port(listener), "-U", "ann"};
                Programs.run(folder, Services.command(bench, "-i", "-q", "postgres"));
                String report = Programs.run(folder, Services.command(bench, "-c", "4", "-t", "25", "postgres"));
                assertTrue(report.contains("100/100"), report);
                String anew = Programs.run(folder, Services.command(bench, "-C", "-S", "-c", "4", "-t", "10", "postgres"));
                assertTrue(anew.contains("40/40"), anew);
                rig.assertUnnoticed(CUTS);
            }
        }
    }

    private static String ask(Writer typed, BufferedReader answers, String statements) throws IOException {
        typed.write(statements + "\n");
        typed.flush();
        return answers.readLine();
    }

    /// The first ssh keeps its connection for those that come, over cuts while nothing is on its way and while much is.
    @Test
    void sshSharesOneConnection() throws Exception {
        byte[] content = random(5);
        Files.write(folder.resolve("content"), content);
        try (var service = Services.sshd(folder); var rig = CutRig.cutting(2 * CUTS, BYTES_TO_A_CUT);
             var listener = rig.forwardTo(service.port())) {
            int port = listener.address().getPort();
            Programs.run(folder, Services.ssh(folder, port, "-o", "ControlMaster=yes", "-N", "-f", "127.0.0.1"));
            try {
                rig.proxy.endAll(Ending.RST);
                assertEquals("again\n", Programs.run(folder, Services.ssh(folder, port, "127.0.0.1", "echo again")));
                String there = folder.resolve("there").toString();
                Programs.run(folder, Services.command(new String[] {"sh", "-c", "exec \"$@\" < content", "sh"},
                        Services.ssh(folder, port, "127.0.0.1", "cat > '" + there + "'")));
                assertSame(content, "there");
                Programs.run(folder, Services.command(new String[] {"sh", "-c", "exec \"$@\" > back", "sh"},
                        Services.ssh(folder, port, "127.0.0.1", "cat '" + there + "'")));
                assertSame(content, "back");
                rig.assertUnnoticed(2 * CUTS);
                assertEquals(1, listener.forwards().totals().opened());
            } finally {
                Programs.run(folder, Services.ssh(folder, port, "-O", "exit", "127.0.0.1"));
            }
        }
    }
}
