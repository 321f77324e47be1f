package dev.cipherlink.server;

import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.util.HashMap;
import java.util.Map;

/// Whose the connections are: no key takes all of them, and clients that are no operators leave some to those and to handshakes.
/// Holders of a shared key cannot be told apart: they are operators, and not counted. Thread-safe.
final class ClientPlaces {

    private static final int RESERVED_SHARE = 10;
    private static final int MOST_RESERVED = 16;

    private final int maxPerKey;
    private final int maxOfUsers;
    private final Map<PublicKey, Integer> perKey = new HashMap<>();
    private int users;

    /// @param maxConnections that are open at a time
    /// @param maxPerKey      of one key; no more than half of all
    ClientPlaces(int maxConnections, int maxPerKey) {
        this.maxPerKey = Math.clamp(maxConnections / 2, 1, maxPerKey);
        maxOfUsers = maxConnections - Math.min(MOST_RESERVED, maxConnections / RESERVED_SHARE);
    }

    /// Takes a place for a connection.
    ///
    /// @param isInPlace whether it takes the place of another one, which ends
    /// @return why it gets none; null if it has it
    synchronized String enter(ClientIdentity client, boolean isInPlace) {
        if (client.key().isEmpty()) {
            return null;
        }
        PublicKey key = client.key().get();
        if (!isInPlace && perKey.getOrDefault(key, 0) >= maxPerKey) {
            return "this key has " + maxPerKey + " connections, and may not have more (server.max-connections-per-key)";
        }
        if (!isInPlace && !client.isOperator() && users >= maxOfUsers) {
            return "the server has no place for another client; try again later";
        }
        perKey.merge(key, 1, Integer::sum);
        users += client.isOperator() ? 0 : 1;
        return null;
    }

    /// Gives it back.
    synchronized void leave(ClientIdentity client) {
        client.key().ifPresent(key -> {
            perKey.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
            users -= client.isOperator() ? 0 : 1;
        });
    }
}
