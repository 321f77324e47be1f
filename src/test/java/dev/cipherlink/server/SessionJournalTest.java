package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.message.Checksum;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.OperationMode;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.store.Durability;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.RocksConfig;
import dev.cipherlink.store.RocksStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Unit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
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
        try (Unit unit = store.begin()) {
            journal.addTo(unit);
            unit.commit();
            journal.settle(true);
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

    private SessionJournal.Recorded recorded() throws StoreException {
        List<SessionJournal.Recorded> all = SessionJournal.readAll(store);
        assertEquals(1, all.size());
        return all.getFirst();
    }

    private void assertAnswers(SessionJournal.Recorded recorded, int... sequences) {
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
        SessionJournal.Recorded recorded = recorded();
        assertEquals(origin(64), recorded.origin());
        assertEquals(4, recorded.accepted());
        assertEquals(Set.of(1, 2, 3), recorded.answers().keySet());
        assertTrue(recorded.answers().get(1).isError());
        assertEquals("no", recorded.answers().get(1).reason());
        assertEquals(1_024, recorded.answers().get(3).payload().length);
    }

    @Test
    void keepsASessionFromItsBeginningToItsEnd() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        journal.begin(store);
        var recorded = SessionJournal.readAll(store).getFirst();
        assertEquals(origin(4), recorded.origin());
        assertEquals(0, recorded.accepted());
        assertEquals(0, recorded.batches());
        journal.forget(store);
        await().until(() -> SessionJournal.readAll(store).isEmpty());
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
        assertEquals(Set.of(), recorded().answers().keySet());
    }

    @Test
    void leavesNothingOfASessionThatOnlyReads() throws StoreException {
        var journal = new SessionJournal(origin(64), store);
        for (int i = 1; i <= 100; i++) {
            read(journal, i, i);
            commit(journal);
        }
        assertEquals(List.of(), SessionJournal.readAll(store));
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
        assertEquals(List.of(), SessionJournal.readAll(store));
    }

    /// How far a session came that only reads was recorded there all the same.
    @Test
    void keepsNothingOfManyReadsEither() throws StoreException {
        useMemory();
        var journal = new SessionJournal(origin(64), store);
        read(journal, 1, 10_000);
        commit(journal);
        assertEquals(List.of(), SessionJournal.readAll(store));
    }

    /// Answers of earlier batches leave the window while a batch with a change runs: what stands up to the change moved.
    @Test
    void countsUpToTheLastChangeWhileOlderAnswersLeaveTheWindow() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        read(journal, 1, 4);
        commit(journal);
        journal.runs(5);
        journal.changed(5, reply(5));
        read(journal, 6, 8);
        commit(journal);
        var recorded = SessionJournal.readAll(store).getFirst();
        assertEquals(8, recorded.accepted());
        assertEquals(Set.of(5), recorded.answers().keySet());
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

    /// A large answer is computed again for a duplicate. The session was taken to be 65,536 further, or a number back, where
    /// what had run would have run again.
    @Test
    void aReadThatRunsAgainForADuplicateMovesNothing() throws StoreException {
        var journal = new SessionJournal(origin(8), store);
        for (int i = 1; i <= 4; i++) {
            journal.runs(i);
        }
        journal.changed(4, reply(4));
        journal.runs(2);
        journal.read(2, reply(2));
        commit(journal);
        assertEquals(4, recorded().accepted());
        assertAnswers(recorded(), 4);
    }

    /// Of a large ECHO only the last fragment may come as a duplicate, which looked like a command of its own: its answer is
    /// kept, or that it was too large.
    @Test
    void keepsTheAnswersOfReadsThatCameInFragments() throws StoreException {
        var journal = new SessionJournal(origin(8), store);
        journal.runs(3);
        journal.read(3, reply(3));
        commit(journal);
        assertEquals(List.of(), SessionJournal.readAll(store));
        journal.runs(5);
        journal.read(5, Reply.ok(new byte[2_000]));
        journal.runs(6);
        journal.changed(6, reply(6));
        commit(journal);
        assertEquals(Set.of(3, 5, 6), recorded().answers().keySet());
        assertTrue(recorded().answers().get(5).isError());
        assertArrayEquals(reply(3).payload(), recorded().answers().get(3).payload());
    }

    /// A unit that is undone, as when the disk is full.
    private static final class Undone implements Unit {
        @Override
        public void open() {
            // Nothing is in the way.
        }

        @Override
        public void record(byte[] key, byte[] value) {
            // Will be undone.
        }

        @Override
        public void forget(byte[] key) {
            // Will be undone.
        }

        @Override
        public void pause() {
            // Nobody waits for it.
        }

        @Override
        public boolean hasWritten() {
            return true;
        }

        @Override
        public void commit() throws StoreException {
            throw new UnsupportedOperationException("it fails");
        }

        @Override
        public void close() {
            // There is nothing to end.
        }
    }

    /// When the first batch of a session failed, whose session it is was never recorded, and all of it lost.
    @Test
    void recordsWhoseSessionItIsUntilThatIsDurable() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        for (int i = 1; i <= 3; i++) {
            journal.runs(i);
            journal.changed(i, Reply.error("disk full"));
            journal.addTo(new Undone());
            journal.settle(false);
        }
        assertEquals(List.of(), SessionJournal.readAll(store));
        write(journal, 4);
        write(journal, 5);
        assertEquals(5, recorded().accepted());
        assertAnswers(recorded(), 4, 5);
    }

    /// A batch of reads that was committed behind the failed one says nothing of it.
    @Test
    void recordsWhoseSessionItIsThoughReadsFollowTheFailedBatch() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        journal.runs(1);
        journal.changed(1, Reply.error("disk full"));
        journal.addTo(new Undone());
        journal.settle(false);
        journal.runs(2);
        journal.read(2, reply(2));
        commit(journal);
        write(journal, 3);
        assertEquals(3, recorded().accepted());
        assertAnswers(recorded(), 2, 3);
    }

    @Test
    void failedBatchesLeaveNoOldAnswersInTheWindow() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        write(journal, 1, 2);
        for (int i = 3; i <= 5; i++) {
            journal.runs(i);
            journal.changed(i, Reply.error("disk full"));
            journal.addTo(new Undone());
        }
        write(journal, 6);
        assertEquals(6, recorded().accepted());
        assertAnswers(recorded(), 6);
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
        new SessionJournal(SessionJournal.readAll(store).stream()
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
        try (Unit unit = store.begin()) {
            unit.open();
            unit.record("x".getBytes(StandardCharsets.US_ASCII), new byte[0]);
            unit.commit();
        }
        try (Unit unit = store.begin()) {
            unit.forget("x".getBytes(StandardCharsets.US_ASCII));
            unit.commit();
        }
    }

    /// Without its last record a session would begin too early, and run again what had run.
    @Test
    void losesASessionOfWhichAnyRecordIsDamaged() throws StoreException {
        var journal = new SessionJournal(origin(4), store);
        write(journal, 1);
        write(journal, 2);
        byte[] last = store.records(new byte[] {'s', '/'}).lastKey();
        try (Unit unit = store.begin()) {
            unit.record(last, new byte[17]);
            unit.commit();
        }
        assertEquals(List.of(), SessionJournal.readAll(store));
    }

    @Test
    void leavesOutWhatIsDamagedAndReadsTheOthers() throws StoreException {
        write(new SessionJournal(origin(4), store), 1);
        var other = new SessionJournal(origin("ffeeddccbbaa99887766554433221100", 4), store);
        write(other, 1);
        var ids = new HashSet<String>();
        byte[] originKey = store.records(new byte[] {'s', '/'}).firstKey();
        try (Unit unit = store.begin()) {
            unit.record(originKey, new byte[] {1, 2, 3});
            unit.commit();
        }
        SessionJournal.readAll(store).forEach(recorded -> ids.add(recorded.origin().id()));
        assertEquals(Set.of("ffeeddccbbaa99887766554433221100"), ids);
    }
}
