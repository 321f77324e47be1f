package dev.cipherlink.forward.mux;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Relay.RelayEnd;
import java.net.ProtocolException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// A client and a server of channels, with the packets that are under way between them.
final class MuxPair {

    final MemoryBudget clientBudget = new MemoryBudget(64 << 20);
    final MemoryBudget serverBudget = new MemoryBudget(64 << 20);
    final Mux client;
    final Mux server;
    final ArrayDeque<byte[]> toServer = new ArrayDeque<>();
    final ArrayDeque<byte[]> toClient = new ArrayDeque<>();
    /// The sides at the client, by number, in the order of OPEN.
    final Map<Integer, Side> opened = new TreeMap<>();
    /// Those at the server.
    final Map<Integer, Side> accepted = new TreeMap<>();
    boolean refuses;
    private long nanos;

    /// One side of a channel.
    static final class Side implements ForwardedChannel.Listener {
        final FakeEnd end = new FakeEnd();
        MuxChannel channel;
        RelayEnd ended;
        Refusal refusal;
        boolean isOpened;
        boolean isForgotten;

        @Override
        public void opened() {
            isOpened = true;
        }

        @Override
        public void refused(Refusal why, String reason) {
            refusal = why;
        }

        @Override
        public void ended(RelayEnd how) {
            ended = how;
        }

        @Override
        public void forgotten() {
            isForgotten = true;
        }
    }

    MuxPair() {
        client = new Mux(true, channel -> accept(false, channel), clientBudget, "client");
        server = new Mux(false, channel -> accept(true, channel), serverBudget, "client");
        client.attach(false);
        server.attach(false);
    }

    private void accept(boolean isServer, MuxChannel channel) {
        var side = new Side();
        side.channel = channel;
        channel.listen(side);
        (isServer ? accepted : opened).put(channel.number, side);
        Mux mux = isServer ? server : client;
        if (refuses) {
            mux.refuse(channel, Refusal.NOT_ALLOWED, "no rule");
        } else {
            mux.connected(channel, side.end);
        }
    }

    Side open() {
        var side = new Side();
        side.channel = client.open("db:5432", side);
        opened.put(side.channel.number, side);
        side.channel.connect(side.end);
        return side;
    }

    /// One that the server opens.
    Side openByServer() {
        var side = new Side();
        side.channel = server.open("1 127.0.0.1:5432", side);
        accepted.put(side.channel.number, side);
        side.channel.connect(side.end);
        return side;
    }

    /// The other end of a channel.
    Side peer(Side side) {
        return (side == accepted.get(side.channel.number) ? opened : accepted).get(side.channel.number);
    }

    /// Reads what there is on the unencrypted sides, and puts at most one packet of each side under way.
    boolean step() {
        nanos += 1_000_000;
        client.at(nanos);
        server.at(nanos);
        touch(client, opened);
        touch(server, accepted);
        return send(client, toServer) | send(server, toClient);
    }

    private static void touch(Mux mux, Map<Integer, Side> sides) {
        for (Side side : List.copyOf(sides.values())) {
            if (side.end.isReadable()) {
                mux.readable(side.channel);
            }
            if (side.end.isWritable()) {
                side.channel.flush();
            }
        }
    }

    static boolean send(Mux mux, ArrayDeque<byte[]> way) {
        ResendBuffer.Packet packet = mux.next();
        if (packet == null) {
            return false;
        }
        way.add(Arrays.copyOfRange(packet.bytes(), packet.offset(), packet.offset() + packet.length()));
        return true;
    }

    static boolean deliver(Mux mux, ArrayDeque<byte[]> way) throws ProtocolException {
        byte[] packet = way.poll();
        if (packet != null) {
            mux.receive(packet, packet.length);
        }
        return packet != null;
    }

    /// Goes on until nothing is left to do.
    void run() throws ProtocolException {
        while (step() | deliver(server, toServer) | deliver(client, toClient)) {
            // It goes on.
        }
    }

    /// The connection breaks, what was under way is lost, and another takes its place.
    void cut() {
        toServer.clear();
        toClient.clear();
        client.attach(true);
        server.attach(true);
    }

    static byte[] bytes(int count, int seed) {
        var bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    List<Side> all() {
        var all = new ArrayList<>(opened.values());
        all.addAll(accepted.values());
        return all;
    }
}
