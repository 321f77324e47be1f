package dev.cipherlink.server.sessions;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message;
import dev.cipherlink.server.FailingDisk;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyVerbs.ReadGate;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The records of a session while it runs.
class SessionJournalTest extends JournalRig {

    @Test
    void keepsTheAnswersOfWritesAndHowFarTheSessionCame() throws StoreException {
        var journal = new SessionJournal(origin(64), store);
        change(journal, 1, Reply.error("no"));
        journal.read(2, reply(2));
        change(journal, 3, Reply.ok(new byte[1_024]));
        journal.read(4, reply(4));
        commit(journal);
        SessionRecords.Recorded recorded = recorded();
        assertEquals(origin(64), recorded.origin());
        assertEquals(4, recorded.received());
        assertEquals(3, recorded.lastChange());
        assertEquals(Set.of(1, 2, 3, 4), recorded.answers().keySet());
        assertTrue(recorded.answers().get(1).isError());
        assertEquals("no", recorded.answers().get(1).reason());
        assertEquals(1_024, recorded.answers().get(3).payload().length);
    }

    @Test
    void keepsASessionFromItsBeginningToItsEnd() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        journal.begin(store);
        var recorded = readAll().getFirst();
        assertEquals(origin(4), recorded.origin());
        assertEquals(0, recorded.received());
        assertEquals(List.of(), recorded.batches());
        journal.forget(store);
        await().until(() -> readAll().isEmpty());
    }

    /// Of fragments only the last is told of: behind more than 32,767 of them, the journal stood still.
    @Test
    void goesOnBehindManyFragments() throws StoreException {
        var journal = new SessionJournal(origin(64), store);
        write(journal, 1, 50_000, 50_001);
        assertEquals(50_001, recorded().received());
        assertEquals(50_001, recorded().lastChange());
    }

    /// Sequence numbers tell less than half of their 65,536 ahead from behind.
    @Test
    void recordsNowAndThenHowFarASessionCameThatOnlyReads() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        write(journal, 1);
        for (int sequence = 2; sequence < 70_000; sequence++) {
            journal.read(sequence % Message.SEQUENCE_MODULUS, reply(sequence));
            if (sequence % 100 == 0) {
                commit(journal);
                assertTrue(sequence - recorded().received() < 10_000);
            }
        }
        assertAnswersAre(4, recorded());
    }

    private static void assertAnswersAre(int count, SessionRecords.Recorded recorded) {
        assertEquals(IntStream.rangeClosed((int) recorded.received() - count + 1, (int) recorded.received()).boxed()
                .map(sequence -> sequence % Message.SEQUENCE_MODULUS).collect(Collectors.toSet()), recorded.answers().keySet());
    }

    @Test
    void leavesNothingOfASessionThatOnlyReads() throws StoreException {
        var journal = new SessionJournal(origin(64), store);
        for (int i = 1; i <= 100; i++) {
            read(journal, i, i);
            commit(journal);
        }
        assertEquals(List.of(), readAll());
    }

    /// A read that ran again saw what its own session changed after it: `GET k`, `SET k 2` gave 2.
    @Test
    void keepsTheAnswersOfReadsThatStandBeforeAChange() throws StoreException {
        var journal = new SessionJournal(origin(8), store);
        for (int i = 1; i <= 20; i++) {
            journal.read(i, i == 18 ? Reply.ok(new byte[1_025]) : reply(i));
            commit(journal);
        }
        write(journal, 21);
        assertEquals(21, recorded().received());
        assertAnswers(recorded(), 14, 15, 16, 17, 19, 20, 21);
    }

    @Test
    void keepsNothingForAStoreThatDoesNotOutliveTheProcess() throws StoreException {
        useMemory();
        write(new SessionJournal(origin(64), store), 1, 2, 3);
        assertEquals(List.of(), readAll());
    }

    /// How far a session came that only reads was recorded there all the same.
    @Test
    void keepsNothingOfManyReadsEither() throws StoreException {
        useMemory();
        var journal = new SessionJournal(origin(64), store);
        read(journal, 1, 10_000);
        commit(journal);
        assertEquals(List.of(), readAll());
    }

    /// Answers of earlier batches leave the window while a batch with a change runs.
    @Test
    void keepsOnlyAnswersOfTheWindowThatEndsWithABatch() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        read(journal, 1, 4);
        commit(journal);
        change(journal, 5, reply(5));
        read(journal, 6, 8);
        commit(journal);
        var recorded = readAll().getFirst();
        assertEquals(8, recorded.received());
        assertEquals(Set.of(5, 6, 7, 8), recorded.answers().keySet());
        assertEquals(5, recorded.lastChange());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 1_024})
    void keepsTheAnswersOfTheLastWindowInARing(int window) throws StoreException {
        var journal = new SessionJournal(origin(window), store);
        int writes = 3 * window + 2;
        for (int i = 1; i <= writes; i++) {
            write(journal, i);
        }
        assertEquals(writes, recorded().received());
        assertAnswers(recorded(), IntStream.rangeClosed(writes - window + 1, writes).toArray());
        assertTrue(store.records(new byte[] {'s', '/'}).size() <= window + 1, "the ring has a slot for each of a window");
    }

    @Test
    void batchesOfAnySizeHoldTheLastWindow() throws StoreException {
        var journal = new SessionJournal(origin(16), store);
        int next = 1;
        for (int size = 1; size <= 16; size++) {
            int first = next;
            write(journal, IntStream.range(first, first + size).toArray());
            next += size;
            int last = next - 1;
            assertAnswers(recorded(), IntStream.rangeClosed(Math.max(1, last - 15), last).toArray());
        }
    }

    @Test
    void numbersGoOnAcrossTheWrap() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        for (int i = 1; i < Message.SEQUENCE_MODULUS; i++) {
            journal.read(i, Reply.ok(new byte[1_025]));
        }
        write(journal, 0);
        write(journal, 1, 2);
        assertEquals(Message.SEQUENCE_MODULUS + 2L, recorded().received());
        assertAnswers(recorded(), 0, 1, 2);
        write(journal, 3, 4);
        assertAnswers(recorded(), 1, 2, 3, 4);
    }

    @Test
    void countsTheFragmentsOfARequestWithItsLast() throws StoreException {
        var journal = new SessionJournal(origin(8), store);
        write(journal, 1, 4);
        assertEquals(4, recorded().received());
        assertAnswers(recorded(), 1, 4);
    }

    /// Of a large ECHO only the last fragment may come as a duplicate, which looked like a command of its own: its answer is
    /// kept, or that it was too large.
    @Test
    void keepsTheAnswersOfReadsThatCameInFragments() throws StoreException {
        var journal = new SessionJournal(origin(8), store);
        journal.read(3, reply(3));
        commit(journal);
        assertEquals(List.of(), readAll());
        journal.read(5, Reply.ok(new byte[2_000]));
        change(journal, 6, reply(6));
        commit(journal);
        assertEquals(Set.of(3, 5, 6), recorded().answers().keySet());
        assertTrue(recorded().answers().get(5).isError());
        assertArrayEquals(reply(3).payload(), recorded().answers().get(3).payload());
    }

    /// Records that do not fit on the disk are written with the next batch.
    @Test
    void nothingIsForgottenWhereThereIsNoRoomForARecord() throws StoreException {
        var disk = new FailingDisk();
        var journal = new SessionJournal(origin(4), store);
        write(journal, 1);
        change(journal, 2, reply(2));
        disk.setFull(true);
        try (Transaction full = disk.store().begin()) {
            assertThrows(StoreException.class, () -> journal.addTo(full));
        }
        assertAnswers(recorded(), 1);
        write(journal, 3);
        assertEquals(3, recorded().received());
        assertAnswers(recorded(), 1, 2, 3);
    }

    /// The answer of a `GETDEL` of up to 256 bytes is in no record of its own: behind 2 MiB of reads it was lost.
    @Test
    void keepsShortAnswersOfChangesBehindManyReads() throws StoreException {
        var journal = new SessionJournal(origin(4_000), store);
        for (int i = 1; i <= 2_200; i++) {
            journal.read(i, Reply.ok(new byte[1_000]));
        }
        Reply longest = Reply.ok(new byte[256]);
        assertNull(journal.answerRecord(2_201, longest));
        change(journal, 2_201, longest);
        commit(journal);
        assertTrue(recorded().answers().get(1).payload().length == 1_000);
        assertTrue(recorded().answers().get(2_200).isError(), "there are too many reads for all to be recorded");
        assertArrayEquals(longest.payload(), recorded().answers().get(2_201).payload());
    }

    /// A change whose answer has a record of its own.
    private void store(SessionJournal journal, int sequence, Reply answer) throws StoreException {
        try (Transaction transaction = store.begin()) {
            transaction.record(journal.answerRecord(sequence, answer).key(), new byte[] {(byte) sequence});
            journal.answerWritten(sequence, answer);
            change(journal, sequence, answer);
            journal.addTo(transaction);
            transaction.commit();
        }
    }

    @Test
    void anAnswerThatIsNotDurableYetIsNotKept() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        Reply answer = Reply.ok(new byte[257]);
        try (Transaction transaction = store.begin()) {
            transaction.record(journal.answerRecord(1, answer).key(), answer.payload());
            journal.answerWritten(1, answer);
            change(journal, 1, answer);
            assertSame(Session.NOT_KEPT, journal.storedAnswer(1, ReadGate.OPEN));
            assertFalse(journal.mayBeUnwritten(1));
        }
    }

    /// They stayed in the store for ever.
    @Test
    void answersThatAFullDiskDoesNotForgetAreForgottenLater() throws StoreException {
        var disk = new FailingDisk();
        var journal = new SessionJournal(origin(4), store);
        store(journal, 1, Reply.ok(new byte[257]));
        read(journal, 2, 5);
        disk.setFull(true);
        try (Transaction full = disk.store().begin()) {
            assertThrows(StoreException.class, () -> journal.addTo(full));
        }
        flush();
        assertEquals(1, store.records(StoredAnswers.PREFIX).size());
        commit(journal);
        flush();
        assertEquals(0, store.records(StoredAnswers.PREFIX).size());
    }

    /// Those of another process counted for nothing, and a change whose answer had gone was called not written.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofTooManyStoredAnswersTheOldestGo(boolean isRestored) throws StoreException {
        var journal = new SessionJournal(origin(64), store);
        Reply large = Reply.ok(new byte[16 << 20]);
        for (int i = 1; i <= 5; i++) {
            if (i == 5 && isRestored) {
                journal = new SessionJournal(recorded(), store);
            }
            store(journal, i, large);
        }
        flush();
        assertNull(journal.storedAnswer(1, ReadGate.OPEN));
        assertFalse(journal.mayBeUnwritten(1));
        assertEquals(isRestored, journal.mayBeUnwritten(3));
        List<Integer> asked = new ArrayList<>();
        assertArrayEquals(new byte[] {4}, journal.storedAnswer(4, asked::add).payload());
        assertEquals(List.of(16 << 20), asked);
        assertEquals(List.of(2, 3, 4, 5), store.records(StoredAnswers.PREFIX).values().stream().map(value -> (int) value[0]).toList());
    }

    @Test
    void aRestoredJournalGoesOnInTheRing() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        for (int i = 1; i <= 6; i++) {
            write(journal, i);
        }
        for (int i = 7; i <= 20; i++) {
            write(new SessionJournal(recorded(), store), i);
            assertEquals(i, recorded().received());
            assertAnswers(recorded(), i - 3, i - 2, i - 1, i);
        }
    }
}
