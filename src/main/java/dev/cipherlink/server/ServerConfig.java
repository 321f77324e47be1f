package dev.cipherlink.server;

import dev.cipherlink.chat.ChatConfig;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.HandshakeGate.HandshakeLimits;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.NextHostKey;
import dev.cipherlink.server.sessions.SessionRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The configuration of a server: listen address, admitted clients, limits.
///
/// @param host              name or address to bind; [#EVERYWHERE] for all addresses of this machine
/// @param port              0 for a free one
/// @param keys              the keys of the server, and the admitted clients
/// @param maxConnections    open at a time; more wait in the listener's backlog
/// @param maxPerKey         connections with one key; at most half of `maxConnections`
/// @param handshakes        limits on connections that are not established yet
/// @param handshakeTimeout  from accept to established
/// @param maxWindowSize     the largest burst window granted
/// @param maxValueBytes     the largest value stored
/// @param keepaliveInterval silence after which the server probes a client
/// @param sessions          limits on sessions that wait for clients that lost their connection
/// @param gracePeriod       how long a stopping server waits for its clients
/// @param chat              the limits of the chat
/// @param forwards          allowed forwards and their limits
public record ServerConfig(
        String host,
        int port,
        ServerKeys keys,
        int maxConnections,
        int maxPerKey,
        HandshakeLimits handshakes,
        Duration handshakeTimeout,
        int maxWindowSize,
        int maxValueBytes,
        Duration keepaliveInterval,
        SessionRegistry.Limits sessions,
        Duration gracePeriod,
        ChatConfig chat,
        ForwardPolicy forwards) {

    /// For the verb, the key and the numbers in a command with the largest value.
    private static final int MAX_COMMAND_OVERHEAD_BYTES = 1_024;

    /// All addresses of this machine, IPv4 and IPv6.
    public static final String EVERYWHERE = "*";
    /// Enough for a process with a store on disk and a few clients; with less it cannot load the classes for the first.
    private static final int LEAST_DESCRIPTORS = 64;

    /// Checks the descriptor limit. To be called before anything is opened.
    ///
    /// @throws IOException if the limit is too low for a server; the message says what to do
    public static void requireDescriptors() throws IOException {
        long limit = SocketBudget.descriptorLimit();
        if (limit < LEAST_DESCRIPTORS) {
            throw new IOException("only " + limit + " files may be open at a time, and a server needs " + LEAST_DESCRIPTORS
                    + ", and one more for each connection: raise the limit (ulimit -n)");
        }
    }

    /// Version 1 only, otherwise as [#loopback(ServerKeys)].
    public static ServerConfig loopback(SharedKey sharedKey) {
        return loopback(ServerKeys.shared(sharedKey));
    }

    /// The defaults of `docs/protocol.md`, on a free port of the loopback interface; without penalties, because there all
    /// clients share one address.
    public static ServerConfig loopback(ServerKeys keys) {
        return new ServerConfig("127.0.0.1", 0, keys, 10_000, 1_000, HandshakeLimits.of(64, 200, 24, 48, false),
                Duration.ofSeconds(10), 1_024, 16 * 1024 * 1024, Duration.ofSeconds(10),
                SessionRegistry.Limits.of(Duration.ofMinutes(10)), Duration.ofSeconds(10), ChatConfig.DEFAULT, ForwardPolicy.DEFAULT);
    }

    public ServerConfig {
        if (maxWindowSize < 1 || maxWindowSize > SessionParameters.MAX_WINDOW_SIZE) {
            throw new IllegalArgumentException("maxWindowSize " + maxWindowSize);
        }
        if (maxConnections < 1 || maxPerKey < 1 || maxValueBytes < 1) {
            throw new IllegalArgumentException("limits must be positive");
        }
    }

    int maxRequestBytes() {
        return maxValueBytes + MAX_COMMAND_OVERHEAD_BYTES;
    }

    /// The same with what another configuration says of the things that a running server can change.
    ServerConfig withReloadable(ServerConfig other) {
        return with(to -> {
            to.handshakeTimeout = other.handshakeTimeout;
            to.maxWindowSize = other.maxWindowSize;
            to.keepaliveInterval = other.keepaliveInterval;
            to.gracePeriod = other.gracePeriod;
            to.forwards = new ForwardPolicy(other.forwards.allowed, forwards.connectTimeout, other.forwards.limits);
        });
    }

    /// A copy with some values changed: `config.with(to -> to.port = 8888)`.
    public ServerConfig with(Consumer<Builder> change) {
        var builder = new Builder(this);
        change.accept(builder);
        return builder.build();
    }

    /// The values of a configuration, to be changed. They are described at [ServerConfig].
    public static final class Builder {
        public String host;
        public int port;
        public ServerKeys keys;
        public int maxConnections;
        public int maxPerKey;
        public HandshakeLimits handshakes;
        public Duration handshakeTimeout;
        public int maxWindowSize;
        public int maxValueBytes;
        public Duration keepaliveInterval;
        public SessionRegistry.Limits sessions;
        public Duration gracePeriod;
        public ChatConfig chat;
        public ForwardPolicy forwards;

        private Builder(ServerConfig from) {
            host = from.host;
            port = from.port;
            keys = from.keys;
            maxConnections = from.maxConnections;
            maxPerKey = from.maxPerKey;
            handshakes = from.handshakes;
            handshakeTimeout = from.handshakeTimeout;
            maxWindowSize = from.maxWindowSize;
            maxValueBytes = from.maxValueBytes;
            keepaliveInterval = from.keepaliveInterval;
            sessions = from.sessions;
            gracePeriod = from.gracePeriod;
            chat = from.chat;
            forwards = from.forwards;
        }

        private ServerConfig build() {
            return new ServerConfig(host, port, keys, maxConnections, maxPerKey, handshakes, handshakeTimeout, maxWindowSize,
                    maxValueBytes, keepaliveInterval, sessions, gracePeriod, chat, forwards);
        }
    }

    /// Allowed forwards and their limits.
    ///
    /// @param allowed        targets for every client, in addition to those in its own line of the authorized-keys file
    /// @param connectTimeout for resolving and connecting to a target; part of the handshake timeout
    /// @param limits         how long a forward may be silent
    public record ForwardPolicy(ForwardRules allowed, Duration connectTimeout, ForwardLimits limits) {

        /// No targets except those of single clients.
        public static final ForwardPolicy DEFAULT =
                new ForwardPolicy(ForwardRules.NONE, Duration.ofSeconds(5), ForwardLimits.DEFAULT);
    }

    /// The keys of a server, and the clients it admits. A version of the wire without a key is not served.
    ///
    /// @param sharedKey the key of version 1, if that is served; the caller closes it, after the server
    /// @param identity  the server's own key of version 2, if that is served; the caller closes it, after the server
    /// @param clients   the clients admitted over version 2
    /// @param suites    accepted in version 2; not empty
    /// @param nextKey   announced to clients of version 2
    public record ServerKeys(Optional<SharedKey> sharedKey, Optional<Identity> identity, ClientDirectory clients, Set<Suite> suites,
                             NextHostKey nextKey) {

        /// All suites.
        public static final Set<Suite> ALL_SUITES = Set.of(Suite.values());

        /// Announces no next key.
        public ServerKeys(Optional<SharedKey> sharedKey, Optional<Identity> identity, ClientDirectory clients, Set<Suite> suites) {
            this(sharedKey, identity, clients, suites, NextHostKey.NONE);
        }

        /// Version 1 only.
        public static ServerKeys shared(SharedKey key) {
            return new ServerKeys(Optional.of(key), Optional.empty(), ClientDirectory.NOBODY, ALL_SUITES);
        }

        /// Version 2 only.
        public static ServerKeys personal(Identity identity, ClientDirectory clients) {
            return new ServerKeys(Optional.empty(), Optional.of(identity), clients, ALL_SUITES);
        }
    }
}
