package dev.cipherlink.server.sessions;

import dev.cipherlink.chat.ChatService.ChatException;
import dev.cipherlink.chat.ChatSession;
import dev.cipherlink.chat.ChatSession.ChatIdentity;
import dev.cipherlink.chat.ChatSession.Subscriber;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.sessions.KeyWatches.KeyWatcher;
import dev.cipherlink.server.sessions.SessionEvents.SubscriptionJournal.Subscriptions;
import dev.cipherlink.server.sessions.SessionOrigin.Services;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;

/// The events of one session, from the chat and from watched keys, and the record of what it is subscribed to.
public final class SessionEvents implements Subscriber {

    private static final Logger LOG = System.getLogger(SessionEvents.class.getName());

    private final Services services;
    private final KeyValueStore store;
    private final Supplier<Transaction> transaction;
    private final SubscriptionJournal journal;
    private final ChatSession chatSession;
    private final KeyWatcher watcher;
    private final Channels.Subscriber subscriber;
    private volatile Session session;

    /// @param transaction returns the transaction of the running batch; null between batches
    SessionEvents(Services services, SessionOrigin origin, Supplier<Transaction> transaction) {
        this.services = services;
        this.transaction = transaction;
        store = services.store();
        journal = new SubscriptionJournal(origin.id(), store, this::subscriptions);
        ClientIdentity client = origin.client();
        chatSession = services.chat().open(new ChatIdentity(client.name(),
                client.key().map(key -> key.fingerprint().toString()), client.isOperator()), this);
        watcher = new KeyWatcher(services.watches(), this::offer);
        subscriber = new Channels.Subscriber(services.channels(), this::offer);
    }

    ChatSession chatSession() {
        return chatSession;
    }

    /// Sets the session; called before any event.
    void attach(Session own) {
        session = own;
        own.onEventsSent(this::eventsSent);
    }

    private void eventsSent() {
        if (watcher.tellSkipped() && subscriber.tellSkipped()) {
            services.chat().roomAgain(chatSession);
        }
    }

    /// Restores the subscriptions that the session had in the previous process.
    void restoreSubscriptions() {
        Subscriptions last = journal.read();
        last.prefixes().forEach(watcher::watch);
        last.channels().forEach(channel -> subscriber.subscribe(channel, false));
        last.channelPrefixes().forEach(prefix -> subscriber.subscribe(prefix, true));
        if (!last.prefixes().isEmpty()) {
            offer(new Event.Notice("the server was started again; changes of watched keys may have been missed").encode());
        }
        if (!last.channels().isEmpty() || !last.channelPrefixes().isEmpty()) {
            offer(new Event.Notice("the server was started again; publications may have been missed").encode());
        }
        if (last.isPresent()) {
            boolean isBack = changeChat(() -> enter(last.rooms()));
            if (!isBack && !last.rooms().isEmpty()) {
                LOG.log(Level.WARNING, "a session of the last run is in no room any more: the store takes no writes");
                offer(new Event.Notice("the server was started again and could not write; you are in no room: JOIN again").encode());
            }
        }
    }

    private void enter(List<String> rooms) {
        try {
            services.chat().restore(chatSession, rooms);
        } catch (ChatException e) {
            LOG.log(Level.INFO, "a session of the last run is not in its rooms any more: {0}", e.getMessage());
        }
    }

    private Subscriptions subscriptions() {
        return new Subscriptions(services.chat().isPresent(chatSession), services.chat().rooms(chatSession),
                watcher.prefixes(), subscriber.channels(), subscriber.prefixes());
    }

    /// Adds the subscription changes of a batch to its transaction.
    void addTo(Transaction ended) throws StoreException {
        if (store.isDurable() && ended.hasWritten()) {
            journal.addTo(ended);
        }
    }

    /// To be called when the session has ended.
    void end() {
        watcher.close();
        subscriber.close();
        services.chat().close(chatSession);
        journal.forget();
    }

    @Override
    public boolean offer(byte[] event, Runnable receipt) {
        return session.push(event, receipt == NO_RECEIPT ? receipt : () -> changeChat(receipt));
    }

    @Override
    public boolean isAttached() {
        return session.isAttached();
    }

    Reply watch(byte[] prefix) {
        journal.changed();
        return watcher.watch(prefix);
    }

    Reply unwatch(byte[] prefix) {
        journal.changed();
        return watcher.unwatch(prefix);
    }

    Reply subscribe(byte[] channel, boolean isPrefix) {
        journal.changed();
        return subscriber.subscribe(channel, isPrefix);
    }

    Reply unsubscribe(byte[] channel, boolean isPrefix) {
        journal.changed();
        return subscriber.unsubscribe(channel, isPrefix);
    }

    @Override
    public void moved() {
        journal.changed();
    }

    @Override
    public void movedByOther() {
        try {
            addTo(store.transaction());
        } catch (StoreException e) {
            throw new IllegalStateException("a change of the chat without an open transaction", e);
        }
    }

    /// Changes the chat's state in the transaction of the running batch; without a batch, in a transaction of its own,
    /// whose commit is not awaited.
    ///
    /// @return false if the store takes no writes; nothing was changed then
    private boolean changeChat(Runnable change) {
        Transaction underWay = transaction.get();
        try {
            if (underWay != null) {
                underWay.beginWrite();
                change.run();
            } else {
                try (Transaction own = store.begin()) {
                    own.beginWrite();
                    change.run();
                }
            }
            return true;
        } catch (StoreException e) {
            LOG.log(Level.DEBUG, "what the chat remembers stays as it is", e);
            return false;
        }
    }

    /// Records the subscriptions of one session, for another process of the server. Thread-safe: another client may
    /// remove the session from a room.
    ///
    /// Its monitor is taken inside the store's gate, by a thread with an open transaction. Subscriptions are read and
    /// written under the monitor, so that the last record has the last state.
    static final class SubscriptionJournal {

        private static final Logger LOG = System.getLogger(SubscriptionJournal.class.getName());
        /// The key prefix; the session's id (16 bytes) follows.
        static final byte[] PREFIX = {'p', '/'};

        private final KeyValueStore store;
        private final Supplier<Subscriptions> current;
        private final byte[] key;
        /// Whether the record is out of date.
        private volatile boolean isChanged;
        private volatile boolean isRecorded;

        /// @param current returns the present subscriptions
        SubscriptionJournal(String sessionId, KeyValueStore store, Supplier<Subscriptions> current) {
            this.store = store;
            this.current = current;
            byte[] id = HexFormat.of().parseHex(sessionId);
            key = ByteBuffer.allocate(PREFIX.length + id.length).put(PREFIX).put(id).array();
        }

        /// Returns the subscriptions that the previous process recorded.
        synchronized Subscriptions read() {
            try {
                byte[] found = store.record(key);
                if (found != null) {
                    isRecorded = true;
                    return Subscriptions.decode(found);
                }
            } catch (IOException | StoreException e) {
                LOG.log(Level.WARNING, "a session of the last run is not in its rooms any more: {0}", e.getMessage());
            }
            return Subscriptions.NONE;
        }

        /// Marks the record as out of date. Takes no lock.
        void changed() {
            isChanged = true;
        }

        /// Adds the record to the transaction of a batch, of this session or of the client that changed its
        /// subscriptions, unless it is up to date.
        void addTo(Transaction transaction) throws StoreException {
            if (!isChanged) {
                return;
            }
            // First, because a thread that waited for the gate with our monitor would block threads inside the gate that
            // need the monitor.
            transaction.beginWrite();
            synchronized (this) {
                isRecorded = true;
                // Before the subscriptions are read: a later change is not in this record.
                isChanged = false;
                transaction.record(key, current.get().encode());
            }
        }

        /// Deletes the record when the session is over.
        void forget() {
            if (!isRecorded) {
                return;
            }
            // Without our monitor, which other threads take inside the store's gate.
            try (Transaction transaction = store.begin()) {
                transaction.forget(key);
            } catch (StoreException e) {
                LOG.log(Level.DEBUG, "the subscriptions of an ended session stay recorded", e);
            }
        }

        /// The state that a client relies on when it resumes its session.
        ///
        /// @param isPresent whether the session takes part in the chat
        /// @param rooms     joined rooms
        /// @param prefixes  watched key prefixes
        /// @param channels  subscribed to
        /// @param channelPrefixes of channels subscribed to
        record Subscriptions(boolean isPresent, List<String> rooms, List<byte[]> prefixes, List<byte[]> channels,
                             List<byte[]> channelPrefixes) {

            static final Subscriptions NONE = new Subscriptions(false, List.of(), List.of(), List.of(), List.of());

            byte[] encode() {
                var bytes = new ByteArrayOutputStream();
                try (var out = new DataOutputStream(bytes)) {
                    out.writeBoolean(isPresent);
                    out.writeShort(rooms.size());
                    for (String room : rooms) {
                        out.writeUTF(room);
                    }
                    for (List<byte[]> keys : List.of(prefixes, channels, channelPrefixes)) {
                        out.writeShort(keys.size());
                        for (byte[] key : keys) {
                            out.writeShort(key.length);
                            out.write(key);
                        }
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException("an array takes whatever is written", e);
                }
                return bytes.toByteArray();
            }

            /// @throws IOException if it is damaged
            static Subscriptions decode(byte[] encoded) throws IOException {
                try (var in = new DataInputStream(new ByteArrayInputStream(encoded))) {
                    boolean isPresent = in.readBoolean();
                    var rooms = new ArrayList<String>();
                    for (int left = in.readUnsignedShort(); left > 0; left--) {
                        rooms.add(in.readUTF());
                    }
                    // A record of an earlier version ends behind the prefixes.
                    return new Subscriptions(isPresent, rooms, keys(in), in.available() > 0 ? keys(in) : List.of(),
                            in.available() > 0 ? keys(in) : List.of());
                }
            }

            private static List<byte[]> keys(DataInputStream in) throws IOException {
                var keys = new ArrayList<byte[]>();
                for (int left = in.readUnsignedShort(); left > 0; left--) {
                    byte[] key = new byte[in.readUnsignedShort()];
                    in.readFully(key);
                    keys.add(key);
                }
                return keys;
            }
        }
    }
}
