package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.cipherlink.command.Reply;
import dev.cipherlink.server.sessions.SessionJournal.AnswerQueue;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AnswerQueueTest {

    private record Answer(int sequence, Reply reply) {
    }

    private final AnswerQueue queue = new AnswerQueue();
    private final Deque<Answer> expected = new ArrayDeque<>();

    /// More are added than removed, and the other way round, so that the ring turns and grows at every place.
    @Test
    void keepsTheOrderWhileItTurnsAndGrows() {
        var random = new SplittableRandom(7);
        for (int i = 0; i < 20_000; i++) {
            boolean grows = i / 500 % 2 == 0;
            if (expected.isEmpty() || random.nextInt(3) < (grows ? 2 : 1)) {
                var answer = new Answer(i & 0xFFFF, Reply.number(i));
                expected.add(answer);
                queue.add(answer.sequence, answer.reply);
            } else {
                expected.remove();
                queue.removeFirst();
            }
            requireExpected();
        }
    }

    private void requireExpected() {
        assertEquals(expected.size(), queue.size());
        int index = 0;
        for (Answer answer : expected) {
            assertEquals(answer.sequence, queue.sequence(index));
            assertSame(answer.reply, queue.reply(index));
            index++;
        }
    }
}
