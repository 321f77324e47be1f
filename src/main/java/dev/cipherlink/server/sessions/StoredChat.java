package dev.cipherlink.server.sessions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.cipherlink.chat.ChatConfig;
import dev.cipherlink.chat.ChatConfig.ChatClock;
import dev.cipherlink.chat.ChatLog;
import dev.cipherlink.chat.ChatLog.ChatRecords;
import dev.cipherlink.chat.ChatLog.ChatRecords.ChatRecord;
import dev.cipherlink.chat.ChatService;
import dev.cipherlink.command.Event;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Stores the chat's state as records of the store, in the open transaction of the thread that runs the request.
///
/// A key is `c/`, a letter for the kind, and a room or a name; for messages then a zero byte and the id (8 bytes,
/// big-endian), so that the messages of a room are adjacent and in order.
public final class StoredChat implements ChatRecords {

    private static final Logger LOG = System.getLogger(StoredChat.class.getName());
    private static final byte[] PREFIX = {'c', '/'};

    /// Limit for all room messages, and another for all waiting direct messages; at most a sixteenth of the heap.
    private static final long MAX_CHAT_BYTES = 64 << 20;

    private final KeyValueStore store;

    StoredChat(KeyValueStore store) {
        this.store = store;
    }

    /// Opens the chat of a server with what the store remembers of it.
    ///
    /// @param keyOf the key that has a name, if one has
    /// @throws IOException if the store cannot be read
    public static ChatService open(KeyValueStore store, ChatConfig config, Function<String, Optional<String>> keyOf) throws IOException {
        long maxBytes = Math.min(MAX_CHAT_BYTES, Runtime.getRuntime().maxMemory() / 16);
        // Deletes records beyond the limits of age and size with the next commit.
        try (Transaction transaction = store.begin()) {
            beginUnlessFull(transaction);
            ChatRecords records = store.isDurable() ? new StoredChat(store) : new ChatRecords.None();
            return new ChatService(config, new ChatLog(config, ChatClock.SYSTEM, maxBytes, records), ChatClock.SYSTEM, keyOf);
        } catch (StoreException | UncheckedIOException e) {
            throw new IOException("what the chat remembers cannot be read: " + e.getMessage(), e);
        }
    }

    /// If the disk is full, the server starts and serves reads.
    private static void beginUnlessFull(Transaction transaction) throws StoreException {
        try {
            transaction.beginWrite();
        } catch (StoreException e) {
            if (e.reason() != StoreException.Reason.FULL) {
                throw e;
            }
        }
    }

    @Override
    public List<ChatRecord> recorded() {
        var found = new ArrayList<ChatRecord>();
        try {
            for (Map.Entry<byte[], byte[]> record : store.records(PREFIX).entrySet()) {
                decode(record.getKey(), record.getValue(), found);
            }
        } catch (StoreException e) {
            throw new UncheckedIOException(new IOException(e.getMessage(), e));
        }
        return found;
    }

    private static void decode(byte[] key, byte[] value, List<ChatRecord> found) {
        try (var in = new DataInputStream(new ByteArrayInputStream(value))) {
            found.add(switch (key[PREFIX.length]) {
                case 'm' -> new ChatRecord.Said(new Event.Message(
                        in.readUTF(), in.readLong(), in.readUTF(), Instant.ofEpochMilli(in.readLong()), in.readUTF()));
                case 'd' -> new ChatRecord.Waiting(in.readUTF(), new Event.Direct(
                        in.readLong(), in.readUTF(), Instant.ofEpochMilli(in.readLong()), in.readUTF()));
                case 'n' -> known(in.readUTF(), in);
                case 'q' -> new ChatRecord.Muted(in.readUTF(), Instant.ofEpochMilli(in.readLong()));
                case 'i' -> new ChatRecord.LastId(in.readLong());
                default -> throw new IOException("a record of an unknown kind");
            });
        } catch (IOException | IndexOutOfBoundsException | IllegalArgumentException e) {
            LOG.log(Level.WARNING, "a record of the chat cannot be read, and is left out: {0}", e.getMessage());
        }
    }

    /// Records of older versions have no mailbox: the name was the mailbox.
    private static ChatRecord known(String name, DataInputStream in) throws IOException {
        long order = in.readLong();
        return new ChatRecord.Known(name, in.available() == 0 ? name : in.readUTF(), order);
    }

    @Override
    public void keep(ChatRecord record) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            encode(record, out);
            store.transaction().record(key(record), bytes.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException("an array takes whatever is written", e);
        } catch (StoreException e) {
            throw new IllegalStateException("a change of the chat without an open transaction", e);
        }
    }

    private static void encode(ChatRecord record, DataOutputStream out) throws IOException {
        switch (record) {
            case ChatRecord.Said(Event.Message message) -> {
                out.writeUTF(message.room());
                out.writeLong(message.id());
                out.writeUTF(message.from());
                out.writeLong(message.at().toEpochMilli());
                out.writeUTF(message.text());
            }
            case ChatRecord.Waiting(String mailbox, Event.Direct direct) -> {
                out.writeUTF(mailbox);
                out.writeLong(direct.id());
                out.writeUTF(direct.from());
                out.writeLong(direct.at().toEpochMilli());
                out.writeUTF(direct.text());
            }
            case ChatRecord.Known(String name, String mailbox, long order) -> {
                out.writeUTF(name);
                out.writeLong(order);
                out.writeUTF(mailbox);
            }
            case ChatRecord.Muted(String name, Instant until) -> {
                out.writeUTF(name);
                out.writeLong(until.toEpochMilli());
            }
            case ChatRecord.LastId(long id) -> out.writeLong(id);
        }
    }

    @Override
    public void forget(ChatRecord record) {
        try {
            store.transaction().forget(key(record));
        } catch (StoreException e) {
            // Only if the server starts on a full disk; the next start deletes it.
            LOG.log(Level.DEBUG, "a record of the chat stays", e);
        }
    }

    @Override
    public void afterCommit(Runnable telling) {
        store.afterCommit(telling);
    }

    private static byte[] key(ChatRecord record) {
        return switch (record) {
            case ChatRecord.Said(Event.Message message) -> key('m', message.room(), message.id());
            case ChatRecord.Waiting(String mailbox, Event.Direct direct) -> key('d', mailbox, direct.id());
            case ChatRecord.Known(String name, _, _) -> key('n', name);
            case ChatRecord.Muted(String name, Instant _) -> key('q', name);
            case ChatRecord.LastId _ -> key('i', "");
        };
    }

    private static byte[] key(char kind, String name) {
        byte[] bytes = name.getBytes(UTF_8);
        return ByteBuffer.allocate(PREFIX.length + 1 + bytes.length).put(PREFIX).put((byte) kind).put(bytes).array();
    }

    private static byte[] key(char kind, String name, long id) {
        byte[] start = key(kind, name);
        return ByteBuffer.allocate(start.length + 1 + Long.BYTES).put(start).put((byte) 0).putLong(id).array();
    }
}
