package dev.cipherlink.server.sessions;

import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.chat.ChatService;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.ClientRights;
import dev.cipherlink.session.Outbox;
import dev.cipherlink.session.Session;
import dev.cipherlink.session.Session.SessionIdentity;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// The data from which a session is created, at its start and again when another process of the server continues it.
///
/// @param id         128 random bits in hex
/// @param client     its owner
/// @param version    of the wire
/// @param parameters as granted
public record SessionOrigin(String id, ClientIdentity client, int version, SessionParameters parameters) {

    /// A server's outbox holds at most a DISCONNECT: events wait in a queue of their own.
    private static final int MAX_WAITING = 16;
    private static final long MAX_WAITING_BYTES = 1 << 16;
    private static final byte FORMAT = 2;
    /// That of 0.1: of the rights only whether the client is an operator.
    private static final byte FORMAT_WITHOUT_RIGHTS = 1;

    /// The owner of a session, and the only client that may resume it: a key with its name and rights. With a shared key,
    /// every holder that knows the session's id is its owner.
    public static String owner(ClientIdentity client) {
        return client.key().map(key -> new PublicKeyLine(key, client.name()).encode() + " " + client.rights().ofSession()).orElse("1");
    }

    /// Whether the directory still has an owner with the same key, name and rights.
    public static boolean isOwner(String owner, ClientDirectory clients) {
        String[] parts = owner.split(" ");
        return parts.length == 1 || clients.identify(PublicKeyLine.parseKey(parts[1])).map(SessionOrigin::owner)
                .filter(owner::equals).isPresent();
    }

    public String owner() {
        return owner(client);
    }

    /// Creates the session at its start. Blocks until its record is durable.
    public Session open(Services services) {
        var journal = new SessionJournal(this, services.store());
        journal.begin(services.store());
        return make(services, new CommandDispatcher(services, this, journal));
    }

    /// Recreates the session as the previous process had it.
    ///
    /// @param journal continues the recorded one
    public Session open(Services services, SessionJournal journal) {
        var dispatcher = new CommandDispatcher(services, this, journal);
        Session session = make(services, dispatcher);
        dispatcher.restoreSubscriptions();
        return session;
    }

    private Session make(Services services, CommandDispatcher dispatcher) {
        var identity = new SessionIdentity(id, owner(), client.name(), version != SharedKeyChannel.VERSION,
                services.maxRequestBytes());
        var session = new Session(identity, parameters, new Outbox(MAX_WAITING, MAX_WAITING_BYTES), dispatcher);
        dispatcher.attach(session);
        return session;
    }

    byte[] encode() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            out.writeUTF(id);
            out.writeUTF(client.name());
            out.writeUTF(client.rights().ofSession());
            out.writeBoolean(client.key().isPresent());
            if (client.key().isPresent()) {
                out.write(client.key().get().bytes());
            }
            out.writeByte(version);
            out.writeUTF(parameters.mode().wireName());
            out.writeInt(parameters.maxMessageBytes());
            out.writeInt(parameters.windowSize());
            out.writeUTF(parameters.checksum().wireName());
        } catch (IOException e) {
            throw new UncheckedIOException("an array takes whatever is written", e);
        }
        return bytes.toByteArray();
    }

    /// @throws IOException if another version of the program wrote it
    static SessionOrigin decode(byte[] encoded) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(encoded))) {
            int format = in.readByte();
            if (format != FORMAT && format != FORMAT_WITHOUT_RIGHTS) {
                throw new IOException("a session of an unknown format");
            }
            String id = in.readUTF();
            String name = in.readUTF();
            ClientRights rights = format == FORMAT ? ClientRights.parseSession(in.readUTF())
                    : in.readBoolean() ? ClientRights.OPERATOR : ClientRights.USER;
            Optional<PublicKey> key = in.readBoolean() ? Optional.of(PublicKey.of(in.readNBytes(PublicKey.BYTES)))
                    : Optional.empty();
            int version = in.readByte();
            var mode = OperationMode.ofWireName(in.readUTF()).orElseThrow(() -> new IOException("an unknown mode"));
            int maxMessageBytes = in.readInt();
            int windowSize = in.readInt();
            var checksum = Checksum.Algorithm.ofWireName(in.readUTF())
                    .orElseThrow(() -> new IOException("an unknown checksum"));
            return new SessionOrigin(id, new ClientIdentity(name, key, rights), version,
                    new SessionParameters(mode, maxMessageBytes, windowSize, checksum));
        } catch (IllegalArgumentException e) {
            throw new IOException("a damaged session", e);
        }
    }

    /// The services that the sessions of a server share.
    ///
    /// @param store           also notifies of changes to watched keys
    /// @param requests        counts requests
    /// @param log             tells of commands
    /// @param maxValueBytes   limit of a value
    /// @param maxRequestBytes limit of a request, all its fragments together
    /// @param keyOf           the key that has a name, if one has
    /// @param rates           of the clients that have a limit
    /// @param sockets         the server's connections
    /// @param info            names and values of INFO
    public record Services(KeyValueStore store, ChatService chat, KeyWatches watches, Channels channels,
                           SessionRegistry sessions, RequestCounts requests, CommandLog log, int maxValueBytes, int maxRequestBytes,
                           Function<String, Optional<PublicKey>> keyOf, RequestRates rates, Sockets sockets, Info info) {

        /// What an operator may know of the server's connections, and do to them.
        public interface Sockets {
            /// The lines of SOCKETS, one per connection.
            List<String> list();

            /// Ends a connection. Does not block.
            ///
            /// @return false if there is none with this id
            boolean end(long id, String operator);

            /// Ends the connections and the sessions with this name, ignoring case. Does not block.
            ///
            /// @return how many sessions there were
            int endSessions(String name, String operator);
        }

        /// Reads the server's state.
        @FunctionalInterface
        public interface Info {
            /// @param sessionId whose connection is described too
            Map<String, Object> read(String sessionId) throws StoreException;
        }
    }
}
