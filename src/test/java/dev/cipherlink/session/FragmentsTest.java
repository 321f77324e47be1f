package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.budget.MemoryBudget;
import dev.cipherlink.message.Message.Payload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FragmentsTest {

    private final MemoryBudget budget = new MemoryBudget(30);
    private final Fragments fragments = fragments("ann");

    private Fragments fragments(String owner) {
        return new Fragments(owner, 10, budget, () -> { });
    }

    private static void add(Fragments target, String text) {
        target.add(Payload.of(Peer.bytes(text)), 0);
    }

    @Test
    void makeOneRequest() {
        assertFalse(fragments.isBegun());
        add(fragments, "12345");
        add(fragments, "67890");
        assertTrue(fragments.isBegun());
        fragments.complete(null);
        assertNull(fragments.refusal());
        assertEquals("1234567890", fragments.request().text());
        fragments.clear();
        assertFalse(fragments.isBegun());
        assertEquals(30, budget.freeBytes());
    }

    @Test
    void keepNothingOfARequestThatIsTooLarge() {
        add(fragments, "12345");
        add(fragments, "678901");
        add(fragments, "2");
        assertTrue(fragments.isBegun());
        assertEquals(0, fragments.retainedBytes());
        assertEquals(30, budget.freeBytes());
        assertEquals(Payload.EMPTY, fragments.request());
        assertEquals("the request is larger than 10 bytes; send less at once", fragments.refusal().reason());
        fragments.clear();
        assertFalse(fragments.isBegun());
    }

    /// Twelve large requests at a time took all memory; what struck a thread of the JVM's own froze the server.
    /// Issue 13.9: twelve connections of one client that began a request and did not go on with it kept all others' refused.
    @Test
    void oneOwnerLeavesRoomForOthersAndGivesItBack() {
        add(fragments, "1234567890");
        Fragments second = fragments("ann");
        add(second, "12345");
        // Ends its wait for memory, which is else 15 s.
        Thread.currentThread().interrupt();
        add(second, "6");
        assertTrue(Thread.interrupted());
        assertEquals("the server has no memory for a request of this size now; try again later", second.refusal().reason());
        assertEquals(0, second.retainedBytes());
        Fragments others = fragments("bob");
        add(others, "1234567890");
        assertNull(others.refusal());
        second.clear();
        others.clear();
        fragments.clear();
        assertEquals(30, budget.freeBytes());
    }

    /// Issue 19: of four at the same time each had a part of the memory, and three were refused.
    @Test
    void largeOnesTakeTheirTurnWhereThereIsMemoryForOne() throws Exception {
        var little = new MemoryBudget(1_000_000);
        var sessions = new ArrayList<Thread>();
        var done = new AtomicInteger();
        for (int i = 0; i < 4; i++) {
            String owner = "client" + i;
            sessions.add(Thread.startVirtualThread(() -> {
                var request = new Fragments(owner, 750_000, little, () -> { });
                for (int part = 0; part < 10; part++) {
                    add(request, "x".repeat(70_000));
                    Thread.yield();
                }
                if (request.refusal() == null) {
                    done.incrementAndGet();
                }
                request.clear();
            }));
        }
        for (Thread session : sessions) {
            session.join();
        }
        assertEquals(4, done.get());
        assertEquals(1_000_000, little.freeBytes());
    }

    /// A batch that had changed something waited for memory inside its transaction: no session's commit began for 5 s.
    @Test
    void letGoOfWhatOthersWaitForBeforeTheyWait() {
        var waits = new AtomicInteger();
        var waiting = new Fragments("ann", 10, budget, () -> {
            waits.incrementAndGet();
            budget.giveBack("bob", 30);
        });
        add(waiting, "12345");
        assertEquals(0, waits.get(), "there was memory");
        waiting.clear();
        budget.force("bob", 30);
        add(waiting, "12345");
        assertEquals(1, waits.get());
        assertNull(waiting.refusal());
        waiting.clear();
        assertEquals(30, budget.freeBytes());
    }

    @Test
    void sayWhyThereIsNoMemoryToRunThem() {
        add(fragments, "1234567890");
        fragments.complete("others run");
        assertEquals("others run", fragments.refusal().reason());
        assertEquals(30, budget.freeBytes());
    }

    /// It was told to try again later, for ever.
    @Test
    void areToldWhatTheMemoryIsForWhenTheyNeverFit() {
        var large = new Fragments("ann", 100, budget, () -> { });
        add(large, "12345678901234567890");
        add(large, "123456");
        assertTrue(large.refusal().reason().startsWith("the server has memory for requests of up to 25 bytes only"), large.refusal()::reason);
    }

    /// Issue 13.9: a request whose last part never came took its memory for as long as the session was kept.
    @Test
    void aRequestThatDoesNotGoOnIsDropped() {
        assertFalse(fragments.isOverdue(Long.MAX_VALUE));
        long now = -5;
        fragments.add(Payload.of(Peer.bytes("123")), now);
        now += Duration.ofSeconds(29).toNanos();
        assertFalse(fragments.isOverdue(now));
        fragments.add(Payload.of(Peer.bytes("456")), now);
        now += Duration.ofSeconds(29).toNanos();
        assertFalse(fragments.isOverdue(now));
        now += Duration.ofSeconds(2).toNanos();
        assertTrue(fragments.isOverdue(now));
        fragments.expire();
        assertFalse(fragments.isOverdue(now));
        assertEquals(30, budget.freeBytes());
        add(fragments, "7");
        assertEquals("the rest of the request did not come in time; send it again", fragments.refusal().reason());
        assertEquals(Payload.EMPTY, fragments.request());
    }

    /// One byte every 29 s kept what the largest request needs for ever, and all others were refused.
    @Test
    void aRequestThatHoldsTheMemoryOfTheLargestIsDroppedIfItComesTooSlowly() {
        var little = new MemoryBudget(1_000_000);
        var slow = new Fragments("ann", 750_000, little, () -> { });
        long now = 1;
        slow.add(Payload.of(new byte[(64 << 10) + 1]), now);
        for (int i = 0; i < 2; i++) {
            now += Duration.ofSeconds(29).toNanos();
            assertFalse(slow.isOverdue(now));
            slow.add(Payload.of(new byte[1]), now);
        }
        now += Duration.ofSeconds(7).toNanos();
        assertTrue(slow.isOverdue(now), "60 s, and 4 s for 64 KiB");
        slow.expire();
        assertEquals(1_000_000, little.freeBytes());

        slow.clear();
        for (int i = 0; i < 10; i++) {
            slow.add(Payload.of(new byte[70_000]), now);
            now += Duration.ofSeconds(9).toNanos();
            assertFalse(slow.isOverdue(now), "a slow client goes on");
        }
        slow.clear();
    }

    /// The thread of a server that looks for such requests must not wait for a session that is busy.
    @Test
    void aSessionDropsARequestThatDoesNotGoOnUnlessItIsBusy() throws Exception {
        var server = new Peer(Peer.burst(4), true);
        long soon = Duration.ofSeconds(29).toNanos();
        long late = Duration.ofSeconds(31).toNanos();
        server.receive(Peer.fragment(1, "one, "));
        server.session.expireFragments(soon);
        server.session.receiver.expireFragments(soon);
        Thread other = Thread.ofPlatform().start(() -> server.session.expireFragments(late));
        other.join();
        assertTrue(server.session.receiver.isFragmentOverdue(late), "this thread has the lock");
        server.session.expireFragments(late);
        assertFalse(server.session.receiver.isFragmentOverdue(late));
        server.receive(Peer.data(2, "two"));
        assertEquals("ERROR the rest of the request did not come in time; send it again\n", server.sent.getLast().payload().text());
        assertEquals(List.of(2), server.refused);
        assertEquals(List.of(), server.ran);
    }
}
