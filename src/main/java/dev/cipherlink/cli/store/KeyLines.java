package dev.cipherlink.cli.store;

import dev.cipherlink.command.Command;
import dev.cipherlink.console.Output;
import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyVerbs.Entry;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// The keys of a store as lines of JSON, in the order of their bytes:
/// `{"key":"greeting","version":7,"expires":"2026-12-01T08:00:00Z","value_b64":"aGVsbG8="}`. A key that is not UTF-8 is `key_b64`;
/// `expires` is there if the key expires. The last line, `{"end":true,"keys":1}`, tells a whole export from one that was cut off.
final class KeyLines {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int KEYS_AT_ONCE = 1_000;
    private static final byte[] VALUE_END = {'"', '}', '\n'};

    private KeyLines() {
    }

    /// @param progress is told how many lines were written
    /// @return how many keys there are
    /// @throws Output.StdoutLostException if stdout takes no more
    static long write(KeyValueStore store, Output output, LongConsumer progress) throws StoreException {
        long written = 0;
        List<Key> keys = store.keys(new byte[0], KEYS_AT_ONCE, new byte[0]);
        while (!keys.isEmpty()) {
            for (Key key : keys) {
                Entry entry = store.entry(key);
                if (entry != null) { // it may have expired just now
                    write(key, entry, output);
                    progress.accept(++written);
                }
            }
            keys = store.keys(new byte[0], KEYS_AT_ONCE, keys.getLast().bytes());
        }
        output.line(Json.object(Json.members("end", true, "keys", written)));
        return written;
    }

    private static void write(Key key, Entry entry, Output output) {
        Optional<String> text = TerminalText.decode(key.bytes());
        Map<String, Object> members = Json.members(text.isPresent() ? "key" : "key_b64",
                text.orElseGet(() -> Base64.getEncoder().encodeToString(key.bytes())), "version", entry.version());
        if (entry.ttlSeconds() >= 0) {
            members.put("expires", Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(entry.ttlSeconds()).toString());
        }
        // A value may have megabytes, and goes out without another copy as text.
        String head = Json.object(members);
        byte[] begin = (head.substring(0, head.length() - 1) + ",\"value_b64\":\"").getBytes(StandardCharsets.UTF_8);
        output.bytes(begin, begin.length);
        byte[] value = Base64.getEncoder().encode(entry.value());
        output.bytes(value, value.length);
        output.bytes(VALUE_END, VALUE_END.length);
    }

    /// Sets the keys of an export. Those that have expired since are left out.
    ///
    /// @param progress is told how many lines were read
    /// @return how many keys were set
    /// @throws IOException if it is no export, or does not go on to its end; the message is one line
    static long read(InputStream in, KeyValueStore store, LongConsumer progress) throws IOException, StoreException {
        long lines = 0;
        long set = 0;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), in)) {
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                Line line = new Line();
                line.read(parser);
                if (line.isEnd) {
                    if (line.keys != lines) {
                        throw new IOException("its last line says " + line.keys + " keys, and there are " + lines);
                    }
                    return set;
                }
                lines++;
                set += line.set(store, lines) ? 1 : 0;
                progress.accept(lines);
            }
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            throw new IOException("line " + (lines + 1) + " is no line of an export: "
                    + TerminalText.escapeLine(String.valueOf(e.getMessage()).lines().findFirst().orElse("")), e);
        }
        throw new IOException("it ends too early, after " + lines + " keys");
    }

    /// One line as far as it was read.
    private static final class Line {
        private byte[] key;
        private byte[] value;
        private Instant expires;
        private boolean isEnd;
        private long keys;

        void read(JsonParser parser) {
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                switch (name) {
                    case "key" -> key = parser.getString().getBytes(StandardCharsets.UTF_8);
                    case "key_b64" -> key = bytes(parser);
                    case "value_b64" -> value = bytes(parser);
                    case "expires" -> expires = Instant.parse(parser.getString());
                    case "end" -> isEnd = token == JsonToken.VALUE_TRUE;
                    case "keys" -> {
                        if (token != JsonToken.VALUE_NUMBER_INT) {
                            throw new IllegalArgumentException("keys is no whole number");
                        }
                        keys = parser.getLongValue();
                    }
                    default -> parser.skipChildren();
                }
            }
        }

        /// As it comes: a parser's own buffer for text has a limit.
        private static byte[] bytes(JsonParser parser) {
            var bytes = new ByteArrayOutputStream();
            parser.readBinaryValue(bytes);
            return bytes.toByteArray();
        }

        /// @return false if it has expired
        boolean set(KeyValueStore store, long number) throws IOException, StoreException {
            if (key == null || value == null || key.length == 0 || key.length > Command.MAX_KEY_BYTES) {
                throw new IOException("line " + number + " is no line of an export: it needs a key of 1 to " + Command.MAX_KEY_BYTES
                        + " bytes, and a value");
            }
            Duration left = expires == null ? KeyValueStore.MAX_TIME_TO_LIVE : Duration.between(Instant.now(), expires);
            if (!left.isPositive()) {
                return false;
            }
            try (Transaction transaction = store.begin()) {
                store.set(Key.of(key), value);
                if (expires != null) {
                    store.expire(Key.of(key), left.compareTo(KeyValueStore.MAX_TIME_TO_LIVE) > 0 ? KeyValueStore.MAX_TIME_TO_LIVE : left);
                }
                transaction.commit();
            }
            return true;
        }
    }
}
