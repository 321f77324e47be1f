package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The records of sessions: their size, what is forgotten, and reading them again.
class SessionRecordsTest extends JournalRig {

    @Test
    void anOriginComesBackAsItWas() throws IOException {
        try (Identity identity = Identity.generate()) {
            for (int window : new int[] {1, 64, 1_024}) {
                for (boolean isOperator : new boolean[] {true, false}) {
                    var keyed = new SessionOrigin(ID, new ClientIdentity("bob", Optional.of(identity.publicKey()), isOperator),
                            2, origin(window).parameters());
                    assertEquals(keyed, SessionOrigin.decode(keyed.encode()));
                    assertEquals(keyed.owner(), SessionOrigin.decode(keyed.encode()).owner());
                }
                assertEquals(origin(window), SessionOrigin.decode(origin(window).encode()));
            }
        }
    }

    @Test
    void refusesADamagedOrigin() {
        byte[] good = origin(64).encode();
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThrows(IOException.class, () -> SessionOrigin.decode(cut), length + " bytes");
        }
        byte[] later = good.clone();
        later[0]++;
        assertThrows(IOException.class, () -> SessionOrigin.decode(later));
    }

    private void writeBehindReads(SessionJournal journal, int first, int reads, int bytes) throws StoreException {
        for (int sequence = first; sequence < first + reads; sequence++) {
            journal.read(sequence, Reply.ok(new byte[bytes]));
        }
        change(journal, first + reads, reply(first + reads));
        commit(journal);
    }

    private long recordedBytes() throws StoreException {
        return store.records(PREFIX).values().stream().mapToLong(record -> record.length).sum();
    }

    /// Issue 13.8: there was a window of batches, each with a window of answers.
    @Test
    void batchesThatHaveLeftTheWindowAreForgotten() throws StoreException {
        var journal = new SessionJournal(origin(100), store);
        for (int first = 1; first < 30_000; first += 100) {
            writeBehindReads(journal, first, 99, 1_000);
        }
        assertEquals(30_000, recorded().received());
        assertEquals(100, recorded().answers().size());
        assertTrue(recordedBytes() < 2 * 100 * 1_010, recordedBytes() + " bytes");
    }

    /// Issue 13.8: small batches behind large ones, and the other way round, leave none behind.
    @Test
    void batchesOfChangingSizeAreForgottenToo() throws StoreException {
        var random = new Random(13);
        var journal = new SessionJournal(origin(50), store);
        int next = 1;
        for (int i = 0; i < 500; i++) {
            int reads = random.nextInt(3) == 0 ? random.nextInt(50) : 0;
            writeBehindReads(journal, next, reads, 10);
            next += reads + 1;
            if (i % 20 == 0) {
                journal = new SessionJournal(recorded(), store);
            }
            assertTrue(store.records(PREFIX).size() <= 1 + 50, "records");
            assertEquals(Math.min(50, next - 1), recorded().answers().size());
        }
        assertEquals(1 + recorded().batches().size(), store.records(PREFIX).size(), "nothing is left of others");
    }

    /// Issue 13.8: with the largest window 32 MiB of answers would still be recorded.
    @Test
    void ofAllAnswersTogetherOnlySoMuchIsRecorded() throws StoreException {
        var journal = new SessionJournal(origin(SessionParameters.MAX_WINDOW_SIZE), store);
        for (int first = 1; first < 10_000; first += 1_000) {
            writeBehindReads(journal, first, 999, 1_024);
        }
        assertTrue(recordedBytes() < SessionJournal.MAX_BYTES + 10_000 * 8, recordedBytes() + " bytes");
        var recorded = recorded();
        assertEquals(10_000, recorded.answers().size());
        assertAnswer(1_000, recorded);
        assertAnswer(10_000, recorded);
        assertEquals(1_024, recorded.answers().get(1).payload().length);
        assertSame(Session.NOT_KEPT, recorded.answers().get(9_999));
    }

    private static void assertAnswer(int sequence, SessionRecords.Recorded recorded) {
        assertArrayEquals(reply(sequence).payload(), recorded.answers().get(sequence).payload());
    }

    /// Issue 13.8: a store in which an earlier version left a window of large records. They go, and its last window is read.
    @Test
    void recordsThatAnEarlierVersionLeftAreForgottenToo() throws StoreException {
        new SessionJournal(origin(200), store).begin(store);
        var keys = new SessionRecords.Keys(ID);
        for (int i = 1; i <= 200; i++) {
            var record = ByteBuffer.allocate(SessionRecords.HEADER_BYTES + 200 * 1_004).putLong(i - 1).putLong(i * 200);
            for (int sequence = i * 200 - 199; sequence <= i * 200; sequence++) {
                SessionRecords.encode(sequence, Reply.ok(new byte[1_000]), 0, record);
            }
            try (Transaction transaction = store.begin()) {
                transaction.record(keys.slot(i % 200), record.array());
                transaction.commit();
            }
        }
        assertEquals(40_000, recorded().received());
        assertEquals(IntStream.rangeClosed(39_801, 40_000).boxed().collect(Collectors.toSet()), recorded().answers().keySet());
        flush();
        assertEquals(2, store.records(PREFIX).size());
    }

    /// Issue 13.8: the way out of a store that no server starts with.
    @Test
    void allSessionsCanBeForgotten() throws StoreException {
        for (int i = 10; i < 30; i++) {
            var journal = new SessionJournal(origin("00112233445566778899aabbccddee" + i, 64), store);
            write(journal, 1);
            write(journal, 2);
        }
        try (Transaction transaction = store.begin()) {
            transaction.record("p/0123456789abcdef".getBytes(StandardCharsets.US_ASCII), new byte[3]);
            transaction.record("c/i".getBytes(StandardCharsets.US_ASCII), new byte[8]);
            transaction.commit();
        }
        assertEquals(20, SessionRecords.forgetAll(store));
        assertEquals(List.of(), readAll());
        assertEquals(1, store.records(new byte[0]).size(), "what is not of sessions stays");
    }

    @Test
    void forgetsAllOfAnEndedSessionAndNothingOfOthers() throws StoreException {
        var ended = new SessionJournal(origin(4), store);
        var other = new SessionJournal(origin("ffeeddccbbaa99887766554433221100", 4), store);
        for (int i = 1; i <= 9; i++) {
            write(ended, i);
            write(other, i);
        }
        new SessionJournal(readAll().stream()
                .filter(recorded -> recorded.origin().id().equals(ID)).findFirst().orElseThrow(), store).forget(store);
        flush();
        assertEquals("ffeeddccbbaa99887766554433221100", recorded().origin().id());
        other.forget(store);
        new SessionJournal(origin(4), store).forget(store);
        flush();
        assertEquals(0, store.records(new byte[0]).size());
    }

    /// Without its last record a session would begin too early, and run again what had run.
    @Test
    void losesASessionOfWhichAnyRecordIsDamaged() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        write(journal, 1);
        write(journal, 2);
        byte[] last = store.records(new byte[] {'s', '/'}).lastKey();
        try (Transaction transaction = store.begin()) {
            transaction.record(last, new byte[17]);
            transaction.commit();
        }
        assertEquals(List.of(), readAll());
    }

    @Test
    void leavesOutWhatIsDamagedAndReadsTheOthers() throws StoreException {
        write(new SessionJournal(origin(4), store), 1);
        var other = new SessionJournal(origin("ffeeddccbbaa99887766554433221100", 4), store);
        write(other, 1);
        var ids = new HashSet<String>();
        byte[] originKey = store.records(new byte[] {'s', '/'}).firstKey();
        try (Transaction transaction = store.begin()) {
            transaction.record(originKey, new byte[] {1, 2, 3});
            transaction.commit();
        }
        readAll().forEach(recorded -> ids.add(recorded.origin().id()));
        assertEquals(Set.of("ffeeddccbbaa99887766554433221100"), ids);
    }
}
