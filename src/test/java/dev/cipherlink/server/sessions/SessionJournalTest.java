package dev.cipherlink.server.sessions;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.message.Checksum;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.OperationMode;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.server.FailingDisk;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.Session;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is recorded of a session, and read again by the next process.
class SessionJournalTest {

    private static final String ID = "00112233445566778899aabbccddeeff";
    private static final byte[] PREFIX = {'s', '/'};

    @TempDir
    Path folder;

    private KeyValueStore store;

    @BeforeEach
    void open() throws IOException {
        store = RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.OS));
    }

    @AfterEach
    void close() {
        store.close();
    }

    private static SessionOrigin origin(int window) {
        return origin(ID, window);
    }

    private static SessionOrigin origin(String id, int window) {
        var mode = window == 1 ? OperationMode.STEP_BY_STEP : OperationMode.BURST;
        return new SessionOrigin(id, new ClientIdentity("ann", Optional.empty(), true), 1,
                new SessionParameters(mode, SessionParameters.MIN_MESSAGE_BYTES, window, Checksum.Algorithm.MD5));
    }

    private static Reply reply(int number) {
        return Reply.number(number);
    }

    private void commit(SessionJournal journal) throws StoreException {
        try (Transaction transaction = store.begin()) {
            journal.addTo(transaction);
            transaction.commit();
        }
    }

    /// A batch of requests that each change something.
    private void write(SessionJournal journal, int... sequences) throws StoreException {
        for (int sequence : sequences) {
            journal.runs(sequence);
            journal.changed(sequence, reply(sequence));
        }
        commit(journal);
    }

    private void read(SessionJournal journal, int first, int last) {
        for (int sequence = first; sequence <= last; sequence++) {
            journal.runs(sequence);
            journal.read(sequence, reply(sequence));
        }
    }

    private void useMemory() {
        store.close();
        store = new MemoryStore(new StoreLimits(1_000, 1_000_000));
    }

    private List<SessionRecords.Recorded> readAll() throws StoreException {
        var all = new ArrayList<SessionRecords.Recorded>();
        SessionRecords.forEach(store, all::add);
        return all;
    }

    private SessionRecords.Recorded recorded() throws StoreException {
        List<SessionRecords.Recorded> all = readAll();
        assertEquals(1, all.size());
        return all.getFirst();
    }

    private void assertAnswers(SessionRecords.Recorded recorded, int... sequences) {
        assertEquals(Arrays.stream(sequences).boxed().collect(Collectors.toSet()), recorded.answers().keySet());
        recorded.answers().forEach((sequence, answer) ->
                assertArrayEquals(reply(sequence).payload(), answer.payload(), "answer to " + sequence));
    }

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

    @Test
    void keepsTheAnswersOfWritesAndHowFarTheSessionCame() throws StoreException {
        var journal = new SessionJournal(origin(64), store);
        journal.runs(1);
        journal.changed(1, Reply.error("no"));
        journal.runs(2);
        journal.read(2, reply(2));
        journal.runs(3);
        journal.changed(3, Reply.ok(new byte[1_024]));
        journal.runs(4);
        journal.read(4, reply(4));
        commit(journal);
        SessionRecords.Recorded recorded = recorded();
        assertEquals(origin(64), recorded.origin());
        assertEquals(4, recorded.accepted());
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
        assertEquals(0, recorded.accepted());
        assertEquals(List.of(), recorded.batches());
        journal.forget(store);
        await().until(() -> readAll().isEmpty());
    }

    /// Of fragments only the last is told of: behind more than 32,767 of them, the journal stood still.
    @Test
    void goesOnBehindManyFragments() throws StoreException {
        var journal = new SessionJournal(origin(64), store);
        write(journal, 1, 50_000, 50_001);
        assertEquals(50_001, journal.accepted());
        assertEquals(50_001, recorded().accepted());
        assertEquals(50_001, recorded().lastChange());
    }

    /// Sequence numbers tell less than half of their 65,536 ahead from behind.
    @Test
    void recordsNowAndThenHowFarASessionCameThatOnlyReads() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        write(journal, 1);
        for (int sequence = 2; sequence < 70_000; sequence++) {
            journal.runs(sequence % Message.SEQUENCE_MODULUS);
            journal.read(sequence % Message.SEQUENCE_MODULUS, reply(sequence));
            if (sequence % 100 == 0) {
                commit(journal);
                assertTrue(sequence - recorded().accepted() < 10_000);
            }
        }
        assertAnswersAre(4, recorded());
    }

    private static void assertAnswersAre(int count, SessionRecords.Recorded recorded) {
        assertEquals(IntStream.rangeClosed((int) recorded.accepted() - count + 1, (int) recorded.accepted()).boxed()
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
            journal.runs(i);
            journal.read(i, i == 18 ? Reply.ok(new byte[1_025]) : reply(i));
            commit(journal);
        }
        write(journal, 21);
        assertEquals(21, recorded().accepted());
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
        journal.runs(5);
        journal.changed(5, reply(5));
        read(journal, 6, 8);
        commit(journal);
        var recorded = readAll().getFirst();
        assertEquals(8, recorded.accepted());
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
        assertEquals(writes, recorded().accepted());
        assertAnswers(recorded(), IntStream.rangeClosed(writes - window + 1, writes).toArray());
        assertTrue(store.records(new byte[] {'s', '/'}).size() <= window + 1, "the ring has a slot for each of a window");
    }

    private void writeBehindReads(SessionJournal journal, int first, int reads, int bytes) throws StoreException {
        for (int sequence = first; sequence < first + reads; sequence++) {
            journal.runs(sequence);
            journal.read(sequence, Reply.ok(new byte[bytes]));
        }
        journal.runs(first + reads);
        journal.changed(first + reads, reply(first + reads));
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
        assertEquals(30_000, recorded().accepted());
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
                SessionRecords.encode(sequence, Reply.ok(new byte[1_000]), record);
            }
            try (Transaction transaction = store.begin()) {
                transaction.record(keys.slot(i % 200), record.array());
                transaction.commit();
            }
        }
        assertEquals(40_000, recorded().accepted());
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
            journal.runs(i);
        }
        write(journal, 0);
        write(journal, 1, 2);
        assertEquals(Message.SEQUENCE_MODULUS + 2L, recorded().accepted());
        assertAnswers(recorded(), 0, 1, 2);
        write(journal, 3, 4);
        assertAnswers(recorded(), 1, 2, 3, 4);
    }

    @Test
    void countsTheFragmentsOfARequestWithItsLast() throws StoreException {
        var journal = new SessionJournal(origin(8), store);
        write(journal, 1, 4);
        assertEquals(4, recorded().accepted());
        assertAnswers(recorded(), 1, 4);
    }

    /// Of a large ECHO only the last fragment may come as a duplicate, which looked like a command of its own: its answer is
    /// kept, or that it was too large.
    @Test
    void keepsTheAnswersOfReadsThatCameInFragments() throws StoreException {
        var journal = new SessionJournal(origin(8), store);
        journal.runs(3);
        journal.read(3, reply(3));
        commit(journal);
        assertEquals(List.of(), readAll());
        journal.runs(5);
        journal.read(5, Reply.ok(new byte[2_000]));
        journal.runs(6);
        journal.changed(6, reply(6));
        commit(journal);
        assertEquals(Set.of(3, 5, 6), recorded().answers().keySet());
        assertTrue(recorded().answers().get(5).isError());
        assertArrayEquals(reply(3).payload(), recorded().answers().get(3).payload());
    }

    /// What finds no room is recorded with the next batch.
    @Test
    void nothingIsForgottenWhereThereIsNoRoomForARecord() throws StoreException {
        var disk = new FailingDisk();
        var journal = new SessionJournal(origin(4), store);
        write(journal, 1);
        journal.runs(2);
        journal.changed(2, reply(2));
        disk.setFull(true);
        try (Transaction full = disk.store().begin()) {
            assertThrows(StoreException.class, () -> journal.addTo(full));
        }
        assertAnswers(recorded(), 1);
        write(journal, 3);
        assertEquals(3, recorded().accepted());
        assertAnswers(recorded(), 1, 2, 3);
    }

    @Test
    void aRestoredJournalGoesOnInTheRing() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        for (int i = 1; i <= 6; i++) {
            write(journal, i);
        }
        for (int i = 7; i <= 20; i++) {
            write(new SessionJournal(recorded(), store), i);
            assertEquals(i, recorded().accepted());
            assertAnswers(recorded(), i - 3, i - 2, i - 1, i);
        }
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

    /// Waits for what was written without waiting.
    private void flush() throws StoreException {
        try (Transaction transaction = store.begin()) {
            transaction.beginWrite();
            transaction.record("x".getBytes(StandardCharsets.US_ASCII), new byte[0]);
            transaction.commit();
        }
        try (Transaction transaction = store.begin()) {
            transaction.forget("x".getBytes(StandardCharsets.US_ASCII));
            transaction.commit();
        }
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
