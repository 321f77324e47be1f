package dev.cipherlink.server.sessions;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.command.Command;
import dev.cipherlink.command.Reply;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A store on disk, and sessions that are recorded in it.
abstract class JournalRig {

    static final String ID = "00112233445566778899aabbccddeeff";
    static final byte[] PREFIX = {'s', '/'};

    @TempDir
    Path folder;

    KeyValueStore store;

    @BeforeEach
    void open() throws IOException {
        store = RocksStore.open(folder.resolve("store"), RocksConfig.of(StoreLimits.ofDisk(1 << 20), Durability.OS));
    }

    @AfterEach
    void close() {
        store.close();
    }

    static SessionOrigin origin(int window) {
        return origin(ID, window);
    }

    static SessionOrigin origin(String id, int window) {
        var mode = window == 1 ? OperationMode.STEP_BY_STEP : OperationMode.BURST;
        return new SessionOrigin(id, new ClientIdentity("ann", Optional.empty(), true), 1,
                new SessionParameters(mode, SessionParameters.MIN_MESSAGE_BYTES, window, Checksum.Algorithm.MD5));
    }

    static Reply reply(int number) {
        return Reply.number(number);
    }

    void commit(SessionJournal journal) throws StoreException {
        try (Transaction transaction = store.begin()) {
            journal.addTo(transaction);
            transaction.commit();
        }
    }

    /// A request that changes something.
    static void change(SessionJournal journal, int sequence, Reply reply) {
        journal.changed(sequence, new Command.Set(new byte[] {'k'}, new byte[0]), reply);
    }

    /// A batch of requests that each change something.
    void write(SessionJournal journal, int... sequences) throws StoreException {
        for (int sequence : sequences) {
            change(journal, sequence, reply(sequence));
        }
        commit(journal);
    }

    void read(SessionJournal journal, int first, int last) {
        for (int sequence = first; sequence <= last; sequence++) {
            journal.read(sequence, reply(sequence));
        }
    }

    void useMemory() {
        store.close();
        store = new MemoryStore(new StoreLimits(1_000, 1_000_000));
    }

    List<SessionRecords.Recorded> readAll() throws StoreException {
        var all = new ArrayList<SessionRecords.Recorded>();
        SessionRecords.forEach(store, all::add);
        return all;
    }

    SessionRecords.Recorded recorded() throws StoreException {
        List<SessionRecords.Recorded> all = readAll();
        assertEquals(1, all.size());
        return all.getFirst();
    }

    void assertAnswers(SessionRecords.Recorded recorded, int... sequences) {
        assertEquals(Arrays.stream(sequences).boxed().collect(Collectors.toSet()), recorded.answers().keySet());
        recorded.answers().forEach((sequence, answer) ->
                assertArrayEquals(reply(sequence).payload(), answer.payload(), "answer to " + sequence));
    }

    /// Waits for what was written without waiting.
    void flush() throws StoreException {
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
}
