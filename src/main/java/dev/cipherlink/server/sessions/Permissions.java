package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Access;
import dev.cipherlink.command.Command;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.ClientRights;
import dev.cipherlink.server.access.ClientRights.Service;

/// Decides which commands a client may run, before they run: those of the chat by its services, those that use keys by each of
/// these, all others always. Used by its session's reading thread.
final class Permissions {

    private final ClientRights rights;
    private final boolean isUnlimited;

    Permissions(ClientIdentity client) {
        rights = client.rights();
        isUnlimited = rights.isUnlimited();
    }

    /// Why the client may not run it, beginning with `denied: `; null if it may.
    String refusal(Command command) {
        String reason = isUnlimited ? null : reason(command);
        return reason == null ? null : "denied: " + reason + " (" + rights.ofSession() + ")";
    }

    /// @return null if it is allowed
    private String reason(Command command) {
        if (command instanceof Command.Chat) {
            return rights.mayUse(Service.CHAT) ? null : "your key may not use the chat";
        }
        var denied = new KeyCheck();
        command.forEachKey(denied);
        return denied.refusal;
    }

    /// Finds the first key that the client may not use so.
    private final class KeyCheck implements Command.KeyUser {
        private String refusal;

        @Override
        public void uses(byte[] key, Access access) {
            if (refusal == null) {
                refusal = !rights.mayUse(Service.KV) ? "your key may not use the store"
                        : access == Access.LIST && !rights.keys().mayList(key) ? "your key may only list below its own prefixes"
                        : access != Access.LIST && !rights.keys().mayRead(key) ? "your key may not read this one"
                        : access.isWrite() && !rights.keys().mayWrite(key) ? "your key may not write this one" : null;
            }
        }
    }
}
