package dev.cipherlink.server.sessions;

import dev.cipherlink.chat.ChatException;
import dev.cipherlink.chat.ChatSession;
import dev.cipherlink.chat.ChatSession.ChatIdentity;
import dev.cipherlink.chat.ChatSession.Subscriber;
import dev.cipherlink.command.Event;
import dev.cipherlink.command.Reply;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.sessions.KeyWatches.KeyWatcher;
import dev.cipherlink.server.sessions.PlaceJournal.SessionPlace;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.Supplier;

/// What one session is told of, by the chat and by the watches of keys, and where that is recorded.
final class SessionEvents implements Subscriber {

    private static final Logger LOG = System.getLogger(SessionEvents.class.getName());

    private final Services services;
    private final KeyValueStore store;
    private final Supplier<Transaction> transaction;
    private final PlaceJournal journal;
    private final ChatSession chatSession;
    private final KeyWatcher watcher;
    private volatile Session session;

    /// @param transaction that of the batch under way; gives null between two
    SessionEvents(Services services, SessionOrigin origin, Supplier<Transaction> transaction) {
        this.services = services;
        this.transaction = transaction;
        store = services.store();
        journal = new PlaceJournal(origin.id(), store, this::place);
        ClientIdentity client = origin.client();
        chatSession = services.chat().open(new ChatIdentity(client.name(),
                client.key().map(key -> key.fingerprint().toString()), client.isOperator()), this);
        watcher = new KeyWatcher(services.watches(), this::offer);
    }

    ChatSession chatSession() {
        return chatSession;
    }

    /// Names the session, before anything is told.
    void attach(Session own) {
        session = own;
        own.onEventRoom(this::eventRoom);
    }

    private void eventRoom() {
        if (watcher.tellSkipped()) {
            services.chat().roomAgain(chatSession);
        }
    }

    /// Puts the session where the last process had it.
    void restorePlace() {
        SessionPlace place = journal.read();
        place.prefixes().forEach(watcher::watch);
        if (!place.prefixes().isEmpty()) {
            offer(new Event.Notice("the server was started again; changes of watched keys may have been missed").encode());
        }
        if (place.isPresent()) {
            boolean isBack = changeChat(() -> enter(place.rooms()));
            if (!isBack && !place.rooms().isEmpty()) {
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

    private SessionPlace place() {
        return new SessionPlace(services.chat().isPresent(chatSession), services.chat().rooms(chatSession),
                watcher.prefixes());
    }

    /// Adds to the transaction of a batch what it changed of the session's place.
    void addTo(Transaction ended) throws StoreException {
        if (store.isDurable() && ended.hasWritten()) {
            journal.addTo(ended);
        }
    }

    /// The session is over.
    void end() {
        watcher.close();
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

    /// Changes what the chat remembers, with the batch under way; without one, nobody waits for it.
    ///
    /// @return false if the store takes no writes; then nothing was changed
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
}
