package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.Outbox;
import dev.cipherlink.session.Peer;
import dev.cipherlink.session.RequestHandler;
import dev.cipherlink.session.Session;
import dev.cipherlink.session.Session.SessionIdentity;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The choice of a session to end when too many wait for their clients.
class SessionRegistryTest {

    private static final Closeable HOLDER = () -> { };

    private final List<String> ended = new ArrayList<>();
    private long now;

    private static SessionRegistry registry(int maxDetached, long maxBytes) {
        return new SessionRegistry(new SessionRegistry.Limits(Duration.ofMinutes(10), maxDetached, maxBytes));
    }

    private Session session(String id) {
        RequestHandler handler = new RequestHandler() {
            @Override
            public Reply handle(int sequence, Payload request) {
                return Reply.OK;
            }

            @Override
            public void end() {
                ended.add(id);
            }
        };
        return new Session(new SessionIdentity(id, "somebody", "somebody", true, 1_000), Peer.burst(8), new Outbox(10, 10_000), handler);
    }

    /// A session that its client leaves behind, with so many bytes in it.
    private Session detach(SessionRegistry registry, String owner, String id, int bytes) {
        Session session = session(id);
        SessionRegistry.Claim claim = registry.open(session, owner, HOLDER);
        try {
            claim.take();
        } catch (IOException e) {
            throw new IllegalStateException("a new session is that of its connection", e);
        }
        if (bytes > 0) {
            session.push(new byte[bytes]);
        }
        claim.release(++now);
        return session;
    }

    private void detach(SessionRegistry registry, String owner, String... ids) {
        for (String id : ids) {
            detach(registry, owner, id, 0);
        }
    }

    /// The session that had waited longest was ended, of any owner: one client that left as many as the server keeps
    /// pushed out those of everybody else.
    @Test
    void anOwnerOfTooManySessionsLosesItsOwn() throws IOException {
        SessionRegistry registry = registry(3, 1_000_000);
        detach(registry, "ann", "a1");
        detach(registry, "eve", "e1", "e2", "e3", "e4");
        assertEquals(List.of("e1", "e2"), ended);
        assertEquals(3, registry.detached());
        assertEquals(2, registry.expired());
        registry.claim("a1", "ann", HOLDER).take();
        assertNull(registry.claim("e1", "eve", HOLDER));
        registry.claim("e3", "eve", HOLDER).take();
    }

    @Test
    void anOwnerOfMoreSessionsThanTheNewOneLosesOne() {
        SessionRegistry registry = registry(3, 1_000_000);
        detach(registry, "eve", "e1", "e2", "e3");
        detach(registry, "ann", "a1");
        assertEquals(List.of("e1"), ended);
    }

    @Test
    void amongOwnersOfAsManySessionsTheOldestGoes() {
        SessionRegistry registry = registry(3, 1_000_000);
        detach(registry, "bob", "b1");
        detach(registry, "ann", "a1");
        detach(registry, "eve", "e1");
        detach(registry, "zoe", "z1");
        assertEquals(List.of("b1"), ended);
    }

    @Test
    void theOwnerOfMostMemoryLosesASession() {
        SessionRegistry registry = registry(100, 1_000);
        detach(registry, "ann", "a1", 100);
        detach(registry, "ann", "a2", 100);
        detach(registry, "eve", "e1", 500);
        detach(registry, "bob", "b1", 400);
        assertEquals(List.of("e1"), ended);
        detach(registry, "bob", "b2", 2_000);
        assertEquals(List.of("e1", "b1", "b2"), ended);
        assertEquals(2, registry.detached());
    }

    /// Issue 13.11: a replayed SYN makes a claim, and no more: the session expires as if nobody had asked.
    @Test
    void aClaimAloneChangesNothing() throws IOException {
        SessionRegistry registry = registry(3, 1_000_000);
        detach(registry, "ann", "a1");
        long last = now + Duration.ofMinutes(10).toNanos();
        SessionRegistry.Claim claim = registry.claim("a1", "ann", HOLDER);
        assertEquals("a1", claim.session().identity().id());
        assertEquals(1, registry.detached());
        assertEquals(0, registry.resumed());
        registry.expire(last);
        assertThrows(IOException.class, claim::take, "it is over");
        claim.release(++now);
        assertEquals(List.of("a1"), ended);
    }

    /// Issue 13.11: a client lost its connection before the server knew that it knows of the session: it is kept for its claim.
    @Test
    void aSessionThatNobodyKnowsOfIsKeptWhileItIsClaimed() throws IOException {
        SessionRegistry registry = registry(3, 1_000_000);
        SessionRegistry.Claim firstLost = registry.open(session("a1"), "ann", HOLDER);
        SessionRegistry.Claim secondLost = registry.open(session("a2"), "ann", HOLDER);
        SessionRegistry.Claim first = registry.claim("a1", "ann", HOLDER);
        SessionRegistry.Claim second = registry.claim("a2", "ann", HOLDER);
        assertTrue(firstLost.isHolder() && first.isHeldByOther());
        firstLost.release(++now);
        secondLost.release(++now);
        assertEquals(List.of(), ended);
        first.take();
        firstLost.release(++now);
        assertTrue(first.isHolder(), "a connection that has released the session takes nothing away from the next");
        second.release(++now);
        assertEquals(List.of("a2"), ended);
        first.release(++now);
        assertEquals(1, registry.detached(), "its client has proved that it knows");
    }

    @Test
    void resumedAndExpiredSessionsCountNoMore() throws IOException {
        SessionRegistry registry = registry(3, 1_000_000);
        detach(registry, "eve", "e1", "e2", "e3");
        registry.claim("e2", "eve", HOLDER).take();
        detach(registry, "ann", "a1");
        assertEquals(List.of(), ended);
        registry.expire(Duration.ofMinutes(10).toNanos() + 1);
        assertEquals(List.of("e1"), ended);
        detach(registry, "ann", "a2");
        assertEquals(List.of("e1"), ended);
    }

    /// Its client had answered by then, and went on with it.
    @Test
    void aSessionThatIsEndedWhileItIsOpenedIsNotTaken() throws IOException {
        SessionRegistry registry = registry(3, 1_000_000);
        SessionRegistry.Claim opening = registry.open(session("s1"), "ann", HOLDER);
        registry.endNamed("Somebody");
        assertThrows(IOException.class, opening::take);
        opening.release(++now);
        assertEquals(List.of("s1"), ended);
        assertNull(registry.claim("s1", "ann", HOLDER));
    }

    @Test
    void asManyOwnersAsSessionsLeaveTheYoungest() {
        SessionRegistry registry = registry(10, 1_000_000);
        for (int i = 0; i < 25; i++) {
            detach(registry, "owner " + i, "s" + i);
        }
        assertEquals(15, ended.size());
        assertEquals("s0", ended.getFirst());
        assertEquals("s14", ended.getLast());
    }
}
