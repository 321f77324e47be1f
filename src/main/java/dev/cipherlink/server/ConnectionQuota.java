package dev.cipherlink.server;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.util.HashMap;
import java.util.Map;

/// Shares the connections out among clients: no key takes more than half of them, and clients that are not operators leave some
/// to operators and to handshakes. Holders of a shared key cannot be told apart: they are operators, and not counted. Thread-safe.
final class ConnectionQuota {

    private static final int RESERVED_SHARE = 10;
    private static final int MOST_RESERVED = 16;

    private final int maxPerKey;
    private final int maxOfUsers;
    private final Map<PublicKey, Integer> perKey = new HashMap<>();
    private int users;

    /// @param maxConnections that are open at a time
    /// @param maxPerKey      of one key; no more than half of all
    ConnectionQuota(int maxConnections, int maxPerKey) {
        this.maxPerKey = Math.clamp(maxConnections / 2, 1, maxPerKey);
        maxOfUsers = maxConnections - Math.min(MOST_RESERVED, maxConnections / RESERVED_SHARE);
    }

    /// Counts a connection.
    ///
    /// @param isReplacement whether it takes over from another one, which ends: then it is never refused
    /// @return why it is refused, and not counted; null if it is not
    synchronized String enter(ClientIdentity client, boolean isReplacement) {
        if (client.key().isEmpty()) {
            return null;
        }
        PublicKey key = client.key().get();
        if (!isReplacement && perKey.getOrDefault(key, 0) >= maxPerKey) {
            return "this key has " + maxPerKey + " connections, and may not have more (server.max-connections-per-key)";
        }
        if (!isReplacement && !client.isOperator() && users >= maxOfUsers) {
            return "the server has no place for another client; try again later";
        }
        perKey.merge(key, 1, Integer::sum);
        users += client.isOperator() ? 0 : 1;
        return null;
    }

    /// The connection has ended.
    synchronized void leave(ClientIdentity client) {
        client.key().ifPresent(key -> {
            perKey.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
            users -= client.isOperator() ? 0 : 1;
        });
    }
}
