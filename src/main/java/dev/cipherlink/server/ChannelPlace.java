package dev.cipherlink.server;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.util.concurrent.atomic.AtomicInteger;

/// The place of a channel that a client has opened, among the connections of its key and the descriptors of the server. It is given back when two parts
/// have ended, in any order and by any threads: what the server begins for the channel, such as connecting, and the channel.
final class ChannelPlace {

    private final Server server;
    private final ClientIdentity client;
    private final int descriptors;
    private final AtomicInteger parts = new AtomicInteger(2);
    private boolean isTaken;

    ChannelPlace(ChannelSession session, int descriptors) {
        server = session.server();
        client = session.client();
        this.descriptors = descriptors;
    }

    /// Called before any part ends.
    ///
    /// @param what  the channel is for, in words
    /// @throws TargetException if there is no place, or the server is stopping
    void take(String what) throws TargetException {
        String refusal = server.isStopping() ? "the server is stopping" : server.enterQuota(client, false);
        if (refusal == null && !server.sockets.enterTargets(descriptors)) {
            server.quota.leave(client);
            refusal = "the server has no descriptor left for a " + what;
        }
        if (refusal != null) {
            throw new TargetException(Refusal.FAILED, refusal);
        }
        isTaken = true;
    }

    void partEnded() {
        if (parts.decrementAndGet() == 0 && isTaken) {
            server.quota.leave(client);
            server.sockets.leaveTargets(descriptors);
        }
    }
}
