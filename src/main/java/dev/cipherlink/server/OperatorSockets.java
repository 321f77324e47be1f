package dev.cipherlink.server;

import dev.cipherlink.server.sessions.SessionOrigin.Services.Sockets;
import java.util.List;

/// The connections as operators see them.
record OperatorSockets(Server server) implements Sockets {

    @Override
    public List<String> list() {
        return server.connections().stream().map(Connection::describe).toList();
    }

    @Override
    public boolean end(long id, String operator) {
        Connection found = server.connection(id);
        if (found != null) {
            Thread.startVirtualThread(() -> found.endByOperator(operator));
        }
        return found != null;
    }

    @Override
    public int endSessions(String name, String operator) {
        int count = (int) server.sessions.list(System.nanoTime()).stream().filter(each -> each.name().equalsIgnoreCase(name)).count();
        // In a thread without locks: the caller holds that of its own session.
        Thread.startVirtualThread(() -> {
            server.sessions.endNamed(name);
            server.connections().stream().filter(each -> each.hasSessionOf(name)).forEach(each -> each.endByOperator(operator));
        });
        return count;
    }
}
