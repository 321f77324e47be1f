package dev.cipherlink.server;

import dev.cipherlink.audit.AuditEvent;
import dev.cipherlink.audit.LineLimit;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.Netblock;
import dev.cipherlink.server.sessions.CommandLog;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.session.Link;
import dev.cipherlink.session.Link.LinkEnd;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// The log's lines about connections: a client that was let in, and the end of each connection. Thread-safe.
///
/// The lines that peers can cause are limited, so that none can fill the disk; at DEBUG the log has all of them.
final class ConnectionLog {

    private static final Logger LOG = System.getLogger(Server.class.getName());
    /// Lines in a minute about connections of strangers.
    static final int STRANGERS_PER_NETBLOCK = 3;
    static final int STRANGERS_IN_ALL = 20;
    /// Sessions and forwards in a minute that have lines, one of their beginning and one of their end.
    static final int ADMISSIONS_PER_CLIENT = 60;
    static final int ADMISSIONS_IN_ALL = 600;
    /// Lines in a minute about forwards that were refused.
    static final int REFUSALS_PER_CLIENT = 10;
    static final int REFUSALS_IN_ALL = 60;

    private final LineLimit<Netblock> strangers = strangers(System.nanoTime());
    private final LineLimit<String> admissions = new LineLimit<>("sessions and forwards of clients began", ADMISSIONS_PER_CLIENT,
            ADMISSIONS_IN_ALL, System.nanoTime());
    /// The open connections of clients whose beginning was left out: so is their end.
    private final Set<Long> leftOut = ConcurrentHashMap.newKeySet();
    private final LineLimit<String> refusedForwards =
            new LineLimit<>("forwards were refused", REFUSALS_PER_CLIENT, REFUSALS_IN_ALL, System.nanoTime());

    static LineLimit<Netblock> strangers(long nanoTime) {
        return new LineLimit<>("connections of strangers ended", STRANGERS_PER_NETBLOCK, STRANGERS_IN_ALL, nanoTime);
    }

    /// Tells how many lines were left out. To be called about once a second.
    void tell(long nanoTime) {
        strangers.tell(nanoTime);
        admissions.tell(nanoTime);
        refusedForwards.tell(nanoTime);
    }

    /// A client has a session or a forward.
    void admitted(Connection connection) {
        Level level = Level.INFO;
        if (!admissions.mayLog(connection.admission().client().name())) {
            leftOut.add(connection.id());
            level = Level.DEBUG;
        }
        if (!LOG.isLoggable(level)) {
            return;
        }
        LOG.log(level, AuditEvent.MESSAGE, event(connection.stream() == null ? "admitted" : "forward-opened", connection)
                .with("version", connection.admission().channel().version()).with("suite", connection.protocolName())
                .with("resumed", connection.admission().isResumed() ? "true" : ""));
    }

    void closed(Connection connection, LinkEnd end) {
        boolean isLeftOut = leftOut.remove(connection.id());
        boolean isRefusedForward = end.reason() == CloseReason.FORWARD_REFUSED;
        Level level = switch (end.reason()) {
            case INTERNAL_ERROR -> Level.ERROR;
            // A client with a connection pool causes these all the time.
            case NOT_USED -> Level.DEBUG;
            case FORWARD_REFUSED -> refusedForwards.mayLog(connection.admission().client().name()) ? Level.INFO : Level.DEBUG;
            default -> isLeftOut || connection.isStrangers() && !strangers.mayLog(connection.netblock()) ? Level.DEBUG : Level.INFO;
        };
        if (!LOG.isLoggable(level)) {
            return;
        }
        AuditEvent event = event(isRefusedForward ? "forward-refused" : connection.stream() != null ? "forward-closed" : "closed",
                connection).with("reason", end.reason());
        if (isRefusedForward) {
            Admission.RefusedForward refused = connection.admission().refusedForward();
            event.with("target", refused.target()).with("refusal", refused.refusal().code());
        }
        StreamConnection forward = connection.stream();
        if (forward != null) {
            event.with("to_target", forward.bytesToTarget()).with("from_target", forward.bytesFromTarget());
        }
        LOG.log(level, AuditEvent.MESSAGE, event.with("in", connection.bytesIn()).with("out", connection.bytesOut())
                .with("duration_ms", connection.milliseconds()).with("detail", end.detail()));
        if (level == Level.ERROR) {
            LOG.log(level, "connection " + connection.id() + " failed", end.cause());
        }
    }

    /// A channel has its target.
    void channelOpened(SessionChannel channel) {
        boolean mayLog = admissions.mayLog(originator(channel));
        channel.logged(mayLog);
        log(mayLog, () -> event("forward-opened", channel));
    }

    /// Strangers that connect to a listener do not take the lines of its client.
    private static String originator(SessionChannel channel) {
        String client = channel.session.client().name();
        return channel.peer().isEmpty() ? client : "listeners of " + client;
    }

    void channelClosed(SessionChannel channel, CloseReason reason, String detail) {
        log(channel.isLogged(), () -> event("forward-closed", channel).with("reason", reason).with("to_target", channel.forward().bytesToPlain())
                .with("from_target", channel.forward().bytesToTunnel()).with("duration_ms", channel.milliseconds()).with("detail", detail));
    }

    void channelRefused(SessionChannel channel, Refusal refusal, String detail) {
        log(refusedForwards.mayLog(originator(channel)), () -> event("forward-refused", channel)
                .with("reason", CloseReason.FORWARD_REFUSED).with("refusal", refusal.code()).with("detail", detail));
    }

    private static void log(boolean isInfo, Supplier<AuditEvent> event) {
        Level level = isInfo ? Level.INFO : Level.DEBUG;
        if (LOG.isLoggable(level)) {
            LOG.log(level, AuditEvent.MESSAGE, event.get());
        }
    }

    void listenerOpened(RemoteListener listener) {
        boolean mayLog = admissions.mayLog(listener.session().client().name());
        listener.logged(mayLog);
        log(mayLog, () -> event("listener-opened", listener).with("listener", listener.address()));
    }

    void listenerClosed(RemoteListener listener, String detail) {
        log(listener.isLogged(), () -> event("listener-closed", listener).with("listener", listener.address()).with("detail", detail));
    }

    void listenerRefused(RemoteListener listener, Refusal refusal, String detail) {
        log(refusedForwards.mayLog(listener.session().client().name()), () -> event("listener-refused", listener)
                .with("listener", listener.asked()).with("refusal", refusal.code()).with("detail", detail));
    }

    private static AuditEvent event(String name, SessionChannel channel) {
        return withClient(new AuditEvent(name).with("channel", channel.number()), channel.session)
                .with(channel.peer().isEmpty() ? "target" : "listener", channel.targetText()).with("peer", channel.peer());
    }

    private static AuditEvent event(String name, RemoteListener listener) {
        return withClient(new AuditEvent(name), listener.session());
    }

    private static AuditEvent withClient(AuditEvent event, ChannelSession session) {
        return event.with("name", session.client().name()).with("key", CommandLog.key(session.client()))
                .with("session", CommandLog.shortened(session.id()));
    }

    /// Of a client that has not proved its name there is only the address: a SYN of version 1 may be a recording.
    private static AuditEvent event(String name, Connection connection) {
        var event = new AuditEvent(name).with("connection", connection.id()).with("peer", OperatorSockets.peer(connection));
        ClientIdentity client = connection.admission().client();
        if (client != null && !connection.isStrangers()) {
            event.with("name", client.name()).with("key", CommandLog.key(client));
        }
        Link live = connection.link();
        StreamConnection forward = connection.stream();
        String session = live != null ? live.session().identity().id() : connection.channels() != null ? connection.channels().id() : "";
        return event.with("session", session.isEmpty() ? "" : CommandLog.shortened(session))
                .with("target", forward == null ? "" : forward.target());
    }
}
