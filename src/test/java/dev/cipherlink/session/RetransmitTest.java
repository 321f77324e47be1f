package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.message.Message;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The retransmissions and the end of an unanswered message (case 39 of the fault catalogue).
class RetransmitTest {

    private final Peer client = new Peer(Peer.burst(4), false);
    private final Peer server = new Peer(Peer.burst(4), false);

    private static List<Integer> numbers(Peer peer) {
        return peer.sent.stream().map(Message::sequence).toList();
    }

    private void pass(Duration time) {
        client.now += time.toNanos();
        server.now += time.toNanos();
    }

    @Test
    void sendsAgainFiveTimesWaitingTwiceAsLongEachTimeAndGivesUp() throws IOException {
        client.request("x");
        client.sent.clear();
        var waits = new ArrayList<Long>();
        boolean isAlive = true;
        while (isAlive) {
            long wait = client.session.sender.nanosUntilRetransmit(client.now);
            waits.add(Duration.ofNanos(wait).toSeconds());
            client.now += wait;
            isAlive = client.retransmit();
        }
        assertEquals(List.of(5L, 10L, 20L, 40L, 80L, 160L), waits);
        assertEquals(List.of(1, 1, 1, 1, 1), numbers(client));
    }

    @Test
    void waitsForAnAnswerAccordingToTheRoundTripsBefore() throws IOException {
        for (int i = 0; i < 20; i++) {
            client.request("x");
            server.receive(client.next());
            pass(Duration.ofMillis(2_000));
            client.receive(server.next());
        }
        assertEquals(2_000, Duration.ofNanos(client.session.roundTripNanos()).toMillis());
        assertEquals(Long.MAX_VALUE, client.session.sender.nanosUntilRetransmit(client.now), "nothing is in flight");
        client.request("x");
        long wait = Duration.ofNanos(client.session.sender.nanosUntilRetransmit(client.now)).toMillis();
        assertTrue(wait >= 2_000 && wait < 2_500, wait + " ms");
    }

    @Test
    void neverWaitsLessThanASecond() throws IOException {
        client.request("x");
        Peer.settle(client, server);
        client.request("y");
        assertEquals(1_000, Duration.ofNanos(client.session.sender.nanosUntilRetransmit(client.now)).toMillis());
    }

    @Test
    void startsAnewWithEachAnswer() throws IOException {
        client.request("x");
        client.request("y");
        Message first = client.next();
        client.sent.clear();
        pass(Duration.ofSeconds(5));
        assertTrue(client.retransmit());
        assertEquals(List.of(1, 2), numbers(client), "the oldest and the newest");
        client.sent.clear();
        server.receive(first);
        client.receive(server.next());
        assertEquals(5, Duration.ofNanos(client.session.sender.nanosUntilRetransmit(client.now)).toSeconds(), "no doubling is left");
    }

    @Test
    void asksAgainForAGapThatStays() throws IOException {
        server.receive(Peer.data(2, "y"));
        server.receive(Peer.data(3, "z"));
        assertEquals(List.of(1), numbers(server), "once");
        pass(Duration.ofSeconds(5));
        server.receive(Peer.data(2, "y"));
        assertEquals(List.of(1, 1), numbers(server));
        assertFalse(server.ran.contains("y"));
    }
}
