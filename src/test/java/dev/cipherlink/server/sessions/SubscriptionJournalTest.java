package dev.cipherlink.server.sessions;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.sessions.SessionEvents.SubscriptionJournal;
import dev.cipherlink.server.sessions.SessionEvents.SubscriptionJournal.Subscriptions;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Transaction;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SubscriptionJournalTest {

    private static final String ID = "00112233445566778899aabbccddeeff";
    private static final Subscriptions IN = new Subscriptions(true, List.of("#dev"), List.of(), List.of(), List.of());
    private static final Subscriptions OUT = new Subscriptions(true, List.of(), List.of(), List.of(), List.of());

    private final KeyValueStore store = new MemoryStore(new StoreLimits(1_000, 1_000_000));
    private volatile Subscriptions place = IN;

    @AfterEach
    void close() {
        store.close();
    }

    private SubscriptionJournal journal(Supplier<Subscriptions> now) {
        return new SubscriptionJournal(ID, store, now);
    }

    private List<String> recordedRooms() {
        return journal(() -> place).read().rooms();
    }

    /// A KICK that came while the session's own commit had looked where the session was, and had not written that yet, was
    /// overwritten by the older place: a restart brought the session back into the room.
    @Test
    void aSessionSentOutDuringItsOwnCommitStaysOut() throws Exception {
        var kick = new AtomicInteger();
        var journals = new SubscriptionJournal[1];
        Thread operator = Thread.ofPlatform().unstarted(() -> {
            place = OUT;
            try {
                journals[0].changed();
                journals[0].addTo(store.begin());
            } catch (StoreException e) {
                throw new IllegalStateException(e);
            }
        });
        SubscriptionJournal journal = journal(() -> {
            Subscriptions seen = place;
            if (kick.getAndIncrement() == 0) {
                operator.start();
                // It has written already, or waits for us.
                await().until(() -> !operator.isAlive() || operator.getState() == Thread.State.BLOCKED);
            }
            return seen;
        });
        journals[0] = journal;
        journal.changed();
        journal.addTo(store.begin());
        operator.join();
        assertEquals(List.of(), recordedRooms());
    }

    /// A thread that waits for the gate with a lock that others want inside it waits for ever.
    @Test
    void opensTheUnitBeforeItTakesItsLock() throws StoreException {
        var journals = new SubscriptionJournal[1];
        var opened = new AtomicInteger();
        var transaction = (Transaction) Proxy.newProxyInstance(Transaction.class.getClassLoader(), new Class<?>[] {Transaction.class},
                (_, method, arguments) -> {
                    if (method.getName().equals("beginWrite")) {
                        assertFalse(Thread.holdsLock(journals[0]));
                        opened.incrementAndGet();
                    } else {
                        assertTrue(opened.get() > 0, method.getName());
                    }
                    try {
                        return method.invoke(store.transaction(), arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        journals[0] = journal(() -> place);
        journals[0].changed();
        journals[0].addTo(transaction);
        assertEquals(1, opened.get());
    }

    /// Issue 13.6: each batch that wrote asked the chat for the place, under a monitor of all sessions and inside the gate.
    @Test
    void asksForThePlaceOnlyWhenItHasChanged() throws StoreException {
        var asked = new AtomicInteger();
        SubscriptionJournal journal = journal(() -> {
            asked.incrementAndGet();
            return place;
        });
        for (int batch = 0; batch < 3; batch++) {
            journal.addTo(store.transaction());
        }
        assertEquals(0, asked.get());
        journal.changed();
        for (int batch = 0; batch < 3; batch++) {
            journal.addTo(store.transaction());
        }
        assertEquals(1, asked.get());
        assertEquals(List.of("#dev"), recordedRooms());
    }
}
