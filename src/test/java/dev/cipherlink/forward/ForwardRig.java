package dev.cipherlink.forward;

import static org.awaitility.Awaitility.await;

import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.server.PersonalServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;

/// A server, a target, and listeners that lead to it, all in this process and on loopback.
final class ForwardRig implements AutoCloseable {

    final ServerSocket target;
    final PersonalServer server;
    final TunnelClient tunnels;
    final ForwardListener local;
    final ForwardListener dynamic;
    final List<IOException> failures = new CopyOnWriteArrayList<>();
    final List<RelayEnd> ends = new CopyOnWriteArrayList<>();
    private final Thread clock;

    ForwardRig() throws IOException {
        this("127.0.0.1:*", ForwardLimits.DEFAULT, 0);
    }

    ForwardRig(String rules, ForwardLimits limits, int poolSize) throws IOException {
        this(new ServerSocket(0, 1_024, InetAddress.getLoopbackAddress()), rules, limits, poolSize);
    }

    private ForwardRig(ServerSocket target, String rules, ForwardLimits limits, int poolSize) throws IOException {
        this.target = target;
        server = PersonalServer.start(PersonalServer.forwards(ForwardRules.parse(rules), limits));
        tunnels = new TunnelClient(server.clientConfig(), poolSize);
        tunnels.start();
        var config = new ForwardListener.Config(tunnels, limits, Optional.empty(), new Events());
        local = ForwardListener.bind(ForwardSpec.parseLocal("0:127.0.0.1:" + target.getLocalPort()), config);
        dynamic = ForwardListener.bind(ForwardSpec.parseDynamic("0"), config);
        local.start();
        dynamic.start();
        clock = Thread.startVirtualThread(this::tick);
    }

    /// One more listener, of `-L`, whose failures and ends are among those of the rig.
    ForwardListener listen(String spec) throws IOException {
        return tunnels.listen(ForwardSpec.parseLocal(spec), new Events());
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// Runs work in a virtual thread.
    static <T> FutureTask<T> async(Callable<T> work) {
        var task = new FutureTask<>(work);
        Thread.startVirtualThread(task);
        return task;
    }

    private void tick() {
        try {
            while (true) {
                Thread.sleep(100);
                local.forwards().checkTimes(System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Events implements ForwardEvents {
        @Override
        public void failed(String listener, IOException cause) {
            failures.add(cause);
        }

        @Override
        public void ended(String listener, ForwardTarget to, RelayEnd end, long out, long in) {
            ends.add(end);
        }
    }

    /// A forwarded connection, seen from both of its ends.
    record Pair(Socket client, Socket target) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
            target.close();
        }
    }

    Pair connect() throws IOException {
        var client = new Socket("127.0.0.1", local.address().getPort());
        client.setSoTimeout(60_000);
        target.setSoTimeout(60_000);
        Socket accepted = target.accept();
        accepted.setSoTimeout(60_000);
        return new Pair(client, accepted);
    }

    /// All forwards have ended, on both sides.
    void awaitRest() {
        await().pollInterval(Duration.ofMillis(10)).until(() ->
                local.forwards().totals().live() == 0 && dynamic.forwards().totals().live() == 0
                        && server.counter("forwards") == 0);
    }

    /// The counters of the server follow the ends of forwards.
    void awaitCounter(String name, long value) {
        await().pollInterval(Duration.ofMillis(10)).until(() -> server.counter(name) == value);
    }

    void awaitEnds(int count) {
        await().pollInterval(Duration.ofMillis(10)).until(() -> ends.size() >= count);
    }

    void awaitFailures(int count) {
        await().pollInterval(Duration.ofMillis(10)).until(() -> failures.size() >= count);
    }

    @Override
    public void close() throws IOException {
        clock.interrupt();
        local.close();
        dynamic.close();
        local.forwards().stopAll();
        tunnels.close();
        server.close();
        target.close();
    }
}
