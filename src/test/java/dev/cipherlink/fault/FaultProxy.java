package dev.cipherlink.fault;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/// A TCP proxy on a free port of the loopback interface, in front of a server on the same interface.
///
/// Each connection follows a plan of its own; what else is to happen is asked for by the test.
public final class FaultProxy implements AutoCloseable {

    private static final int BACKLOG = 1_024;

    private final InetSocketAddress address;
    private final int serverPort;
    private final IntFunction<FaultPlan> plans;
    private final Set<ProxiedConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger struck = new AtomicInteger();
    private final AtomicReference<Strike> firstStrike = new AtomicReference<>();
    private volatile boolean isClosed;
    private ServerSocket listener;
    private Thread acceptThread;

    private FaultProxy(int serverPort, IntFunction<FaultPlan> plans) throws IOException {
        this.serverPort = serverPort;
        this.plans = plans;
        address = listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    /// One that changes nothing by itself.
    public static FaultProxy to(int serverPort) throws IOException {
        return to(serverPort, FaultPlan.CLEAN);
    }

    /// One that treats all connections alike.
    public static FaultProxy to(int serverPort, FaultPlan plan) throws IOException {
        return to(serverPort, _ -> plan);
    }

    /// @param plans of the connections, by their number from 0 on in the order of their arrival
    public static FaultProxy to(int serverPort, IntFunction<FaultPlan> plans) throws IOException {
        return new FaultProxy(serverPort, plans);
    }

    public int port() {
        return address.getPort();
    }

    /// How many connections have come so far.
    public int accepted() {
        return accepted.get();
    }

    /// How many faults of plans have happened so far.
    public int struck() {
        return struck.get();
    }

    /// The first fault of a plan since the last call; null if there was none.
    public Strike takeFirstStrike() {
        return firstStrike.getAndSet(null);
    }

    /// A fault of a plan that happened.
    ///
    /// @param at a [System#nanoTime]
    public record Strike(Fault fault, long at) {
    }

    /// The connections of which at least one direction is open.
    public List<ProxiedConnection> connections() {
        return List.copyOf(connections);
    }

    /// Ends all connections at once, on both sides.
    public void endAll(Ending ending) {
        connections.forEach(connection -> connection.end(ending));
    }

    /// Lets all connections there are swallow everything from now on.
    public void swallowAll() {
        connections.forEach(ProxiedConnection::swallow);
    }

    public void stopReading(Direction direction) {
        connections.forEach(connection -> connection.stall(direction, true));
    }

    public void resumeReading(Direction direction) {
        connections.forEach(connection -> connection.stall(direction, false));
    }

    /// Refuses connections from now on; those there are go on.
    public synchronized void refuse() throws IOException, InterruptedException {
        listener.close();
        // Its socket stays open until this thread has left it.
        acceptThread.join();
    }

    /// Accepts again after [#refuse].
    public synchronized void acceptAgain() throws IOException {
        listen(address);
    }

    private synchronized InetSocketAddress listen(InetSocketAddress where) throws IOException {
        var socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(where, BACKLOG);
        listener = socket;
        acceptThread = Thread.startVirtualThread(() -> accept(socket));
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    private void accept(ServerSocket socket) {
        try {
            while (true) {
                connect(socket.accept());
            }
        } catch (SocketException e) {
            // Closed.
        } catch (IOException e) {
            throw new IllegalStateException("the proxy cannot accept", e);
        }
    }

    /// A server that cannot be reached looks to the client like one that goes away at once.
    private void connect(Socket client) throws IOException {
        FaultPlan plan = plans.apply(accepted.getAndIncrement());
        var server = new Socket();
        try {
            server.connect(new InetSocketAddress(address.getAddress(), serverPort));
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
        } catch (IOException e) {
            client.close();
            server.close();
            return;
        }
        var connection = new ProxiedConnection(this, client, server, plan);
        connections.add(connection);
        connection.start();
        if (isClosed) {
            connection.close();
        }
    }

    void struck(Fault fault) {
        if (fault != Fault.NONE) {
            firstStrike.compareAndSet(null, new Strike(fault, System.nanoTime()));
            struck.incrementAndGet();
        }
    }

    void ended(ProxiedConnection connection) {
        connections.remove(connection);
    }

    @Override
    public synchronized void close() throws IOException {
        isClosed = true;
        listener.close();
        connections.forEach(ProxiedConnection::close);
    }
}
