package dev.cipherlink.server.sessions;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.Command.Access;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.ClientRights;
import dev.cipherlink.server.access.ClientRights.Service;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// Decides which commands a client may run, before they run: those of the chat by its services, those that use keys by each of
/// these, all others always. Used by its session's reading thread.
final class Permissions {

    private static final Logger LOG = System.getLogger(Permissions.class.getName());

    private final ClientIdentity client;
    private final ClientRights rights;
    private final boolean isUnlimited;
    /// Whether the log has a refusal of this session: one line, since a client can cause them at will.
    private boolean isLogged;

    Permissions(ClientIdentity client) {
        this.client = client;
        rights = client.rights();
        isUnlimited = rights.isUnlimited();
    }

    /// @throws CommandException if the client may not run it; the message begins with `denied: `
    void require(Command command) throws CommandException {
        String refusal = isUnlimited ? null : refusal(command);
        if (refusal == null) {
            return;
        }
        if (!isLogged) {
            isLogged = true;
            LOG.log(Level.INFO, "command denied name={0} command={1} rights=\"{2}\"", client.name(),
                    command.getClass().getSimpleName(), rights.ofSession());
        }
        throw new CommandException("denied: " + refusal + " (" + rights.ofSession() + ")");
    }

    /// @return null if it is allowed
    private String refusal(Command command) {
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
