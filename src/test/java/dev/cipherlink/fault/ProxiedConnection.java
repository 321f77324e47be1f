package dev.cipherlink.fault;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Socket;

/// One connection through the proxy: the socket of the client, one to the server, and a thread for each direction.
public final class ProxiedConnection {

    private final FaultProxy proxy;
    private final Socket client;
    private final Socket server;
    private final Pump toServer;
    private final Pump toClient;
    private int livePumps = 2;
    private boolean stallsToServer;
    private boolean stallsToClient;

    ProxiedConnection(FaultProxy proxy, Socket client, Socket server, FaultPlan plan) {
        this.proxy = proxy;
        this.client = client;
        this.server = server;
        toServer = new Pump(this, Direction.TO_SERVER, client, server, plan.flow(Direction.TO_SERVER));
        toClient = new Pump(this, Direction.TO_CLIENT, server, client, plan.flow(Direction.TO_CLIENT));
    }

    void start() {
        Thread.startVirtualThread(toServer);
        Thread.startVirtualThread(toClient);
    }

    /// Ends the connection of the one to whom this direction leads, and cuts the two ends off from each other: neither
    /// hears any more what the other does.
    public void end(Direction direction, Ending ending) throws IOException {
        swallow();
        ending.apply(direction == Direction.TO_SERVER ? server : client);
    }

    /// From now on nothing passes, not even an end.
    public void swallow() {
        toServer.swallow();
        toClient.swallow();
    }

    /// Ends both connections at once.
    public void end(Ending ending) {
        try {
            end(Direction.TO_SERVER, ending);
            end(Direction.TO_CLIENT, ending);
        } catch (IOException e) {
            // One end was faster.
        } finally {
            close();
        }
    }

    void strike(Fault fault, Direction direction) throws IOException {
        proxy.struck(fault);
        Direction back = direction == Direction.TO_SERVER ? Direction.TO_CLIENT : Direction.TO_SERVER;
        switch (fault) {
            case NONE, FLIP -> {
                // The bytes go on.
            }
            case CUT -> end(Ending.FIN);
            case RESET -> end(Ending.RST);
            case RESET_SENDER -> {
                end(back, Ending.RST);
                end(direction, Ending.FIN);
            }
            case RESET_RECEIVER -> {
                end(direction, Ending.RST);
                end(back, Ending.FIN);
            }
            case HALF_CLOSE -> {
                (direction == Direction.TO_SERVER ? toServer : toClient).swallow();
                (direction == Direction.TO_SERVER ? server : client).shutdownOutput();
            }
            case BLACK_HOLE -> swallow();
            case STALL -> stall(direction, true);
        }
    }

    /// Stops or resumes to read what goes this way.
    synchronized void stall(Direction direction, boolean stalls) {
        if (direction == Direction.TO_SERVER) {
            stallsToServer = stalls;
        } else {
            stallsToClient = stalls;
        }
        notifyAll();
    }

    /// Blocks while this direction is not to be read.
    synchronized void awaitReading(Direction direction) throws IOException {
        try {
            while (direction == Direction.TO_SERVER ? stallsToServer : stallsToClient) {
                wait();
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException("the proxy was closed");
        }
    }

    /// Passes a broken connection of one side on to the other.
    void reset() {
        end(Ending.RST);
    }

    /// A direction has come to its end; after both, nothing is left.
    void ended() {
        boolean isLast;
        synchronized (this) {
            isLast = --livePumps == 0;
        }
        if (isLast) {
            close();
            proxy.ended(this);
        }
    }

    void close() {
        stall(Direction.TO_SERVER, false);
        stall(Direction.TO_CLIENT, false);
        try (client; server) {
            swallow();
        } catch (IOException e) {
            // Nothing is left that could be lost.
        }
    }
}
