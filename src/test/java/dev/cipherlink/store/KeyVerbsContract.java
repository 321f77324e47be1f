package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyValueStore.Atomic;
import dev.cipherlink.store.KeyValueStore.Need;
import dev.cipherlink.store.KeyValueStore.OwnRecord;
import dev.cipherlink.store.KeyVerbs.Expired;
import dev.cipherlink.store.KeyVerbs.ExpiryCondition;
import dev.cipherlink.store.KeyVerbs.Presence;
import dev.cipherlink.store.StoreException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The verbs with conditions, expiries and ranges, and verbs that run as one, of every store. Each engine runs it.
public abstract class KeyVerbsContract {
    private static final int LARGE = 20_000;

    public final ManualClock clock = new ManualClock();
    private final Key key = key("k");
    private final Key other = key("other");
    KeyValueStore store;

    public abstract KeyValueStore open(StoreLimits limits) throws IOException;

    @BeforeEach
    void openStore() throws IOException {
        store = open(new StoreLimits(30_000, 1_000_000));
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    static Key key(String name) {
        return Key.of(name.getBytes(UTF_8));
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private String value(Key of) throws StoreException {
        byte[] value = store.get(of);
        return value == null ? null : new String(value, UTF_8);
    }

    private boolean put(String value, Presence presence, long deadline) throws StoreException {
        return store.put(key, bytes(value), presence, deadline);
    }

    @Test
    void putSetsUnderACondition() throws StoreException {
        assertFalse(put("a", Presence.PRESENT, KeyVerbs.NO_DEADLINE));
        assertNull(value(key));
        assertTrue(put("b", Presence.ABSENT, KeyVerbs.NO_DEADLINE));
        assertFalse(put("c", Presence.ABSENT, KeyVerbs.NO_DEADLINE));
        assertEquals("b", value(key));
        assertTrue(put("d", Presence.PRESENT, KeyVerbs.NO_DEADLINE));
        assertTrue(put("e", Presence.ANY, KeyVerbs.NO_DEADLINE));
        assertEquals("e", value(key));
    }

    @Test
    void putSetsKeepsOrTakesAwayAnExpiry() throws StoreException {
        put("a", Presence.ANY, store.deadlineIn(Duration.ofMillis(1_500)));
        assertEquals(1_500, store.millisUntil(store.deadline(key).getAsLong()));
        assertEquals(2, store.ttlSeconds(key).getAsLong());
        put("b", Presence.ANY, KeyVerbs.KEEP_DEADLINE);
        assertEquals(1_500, store.millisUntil(store.deadline(key).getAsLong()));
        clock.advance(Duration.ofMillis(1_500).minusNanos(1));
        assertEquals("b", value(key));
        clock.advance(Duration.ofNanos(1));
        assertNull(value(key));
        assertTrue(put("c", Presence.ABSENT, KeyVerbs.KEEP_DEADLINE), "an expired key is absent");
        assertEquals(KeyVerbs.NO_DEADLINE, store.deadline(key).getAsLong(), "its expiry went with it");
    }

    @Test
    void absoluteTimesGoInAndOutAsTheyAre() throws StoreException {
        long now = ManualClock.WALL_NANOS / 1_000_000;
        put("a", Presence.ANY, store.deadlineAt(now + 12_345));
        assertEquals(now + 12_345, store.unixMillis(store.deadline(key).getAsLong()));
        assertEquals(12_345, store.millisUntil(store.deadline(key).getAsLong()));
        put("a", Presence.ANY, store.deadlineAt(KeyVerbs.MAX_UNIX_MILLIS));
        assertEquals(KeyVerbs.MAX_UNIX_MILLIS, store.unixMillis(store.deadline(key).getAsLong()));
        clock.advance(KeyVerbs.MAX_TIME_TO_LIVE);
        assertEquals("a", value(key));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, ManualClock.WALL_NANOS / 1_000_000})
    void aTimeThatIsOverDeletes(long unixMillis) throws StoreException {
        store.set(key, bytes("v"));
        assertTrue(put("w", Presence.PRESENT, store.deadlineAt(unixMillis)));
        assertNull(value(key));
        assertEquals(0, store.size());
        store.set(key, bytes("v"));
        assertEquals(Expired.DONE, store.expire(key, store.deadlineAt(unixMillis), ExpiryCondition.NONE));
        assertNull(value(key));
        assertEquals(Expired.NOT_FOUND, store.expire(key, store.deadlineAt(unixMillis), ExpiryCondition.NONE));
    }

    /// Without an expiry, with one at 10 s that is to be 5 s, and that is to be 20 s: what each condition says.
    @ParameterizedTest
    @CsvSource({"NONE, true, true, true", "ABSENT, true, false, false", "PRESENT, false, true, true", "EARLIER, false, false, true",
        "LATER, true, true, false"})
    void expireHasConditions(ExpiryCondition condition, boolean without, boolean sooner, boolean later) throws StoreException {
        for (int seconds : new int[] {0, 5, 20}) {
            store.set(key, bytes("v"));
            if (seconds > 0) {
                store.expire(key, Duration.ofSeconds(10));
            }
            boolean isDone = seconds == 0 ? without : seconds == 5 ? sooner : later;
            int wanted = seconds == 0 ? 7 : seconds;
            assertEquals(isDone ? Expired.DONE : Expired.NOT_MET,
                    store.expire(key, store.deadlineIn(Duration.ofSeconds(wanted)), condition), condition + " " + seconds);
            assertEquals(isDone ? wanted : seconds == 0 ? -1 : 10, store.ttlSeconds(key).getAsLong());
        }
    }

    @Test
    void setRangeFillsGapsAndKeepsTheRest() throws StoreException {
        assertEquals(0, store.setRange(key, 5, new byte[0]));
        assertFalse(store.exists(key));
        assertEquals(4, store.setRange(key, 2, bytes("ab")));
        assertArrayEquals(new byte[] {0, 0, 'a', 'b'}, store.get(key));
        store.expire(key, Duration.ofSeconds(9));
        assertEquals(4, store.setRange(key, 0, bytes("xy")));
        assertEquals("xyab", value(key));
        assertEquals(9, store.ttlSeconds(key).getAsLong());
        assertEquals(Reason.VALUE_TOO_LARGE,
                assertThrows(StoreException.class, () -> store.setRange(key, 30_000, bytes("z"))).reason());
        assertEquals("xyab", value(key));
    }

    @ParameterizedTest
    @CsvSource({"10.5, 0.1, 10.6", "3.0e3, 200, 3200", "5.0e3, 2.0e2, 5200", "1, -1, 0", "0.1, 0.2, 0.3", "-.5, +.25, -0.25",
        "1e-17, 1e-18, 0.00000000000000001", "3, 1.000, 4", "1e20, 1, 100000000000000000001"})
    void addsDecimalNumbers(String number, String by, String sum) throws StoreException {
        store.set(key, bytes(number));
        assertArrayEquals(bytes(sum), store.incrementDecimal(key, bytes(by)));
        assertEquals(sum, value(key));
    }

    @Test
    void addsToEverySumThatItGave() throws StoreException {
        store.incrementDecimal(key, bytes("-9e307"));
        String sum = "-" + "9" + "0".repeat(306) + "1.00000000000000001";
        assertArrayEquals(bytes(sum), store.incrementDecimal(key, bytes("-1.00000000000000001")));
        assertArrayEquals(bytes(sum), store.incrementDecimal(key, bytes("0")));
        assertArrayEquals(bytes("0"), store.incrementDecimal(key, bytes(sum.substring(1))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "1 ", " 1", "1e", "0x1", "nan", "inf", "1e308", "1e-999999999", "1e999999999", "\u0661"})
    void refusesOtherDecimalNumbers(String number) throws StoreException {
        store.set(key, bytes(number));
        assertEquals(Reason.NOT_A_NUMBER,
                assertThrows(StoreException.class, () -> store.incrementDecimal(key, bytes("1"))).reason(), number);
        assertEquals(number, value(key));
        assertThrows(StoreException.class, () -> store.incrementDecimal(other, bytes(number)));
        assertFalse(store.exists(other));
    }

    @Test
    void refusesADecimalSumThatIsTooLarge() throws StoreException {
        assertThrows(StoreException.class, () -> store.incrementDecimal(key, bytes("0".repeat(1_000))), "nor one that is too long");
        store.set(key, bytes("9e307"));
        assertEquals(Reason.OVERFLOW,
                assertThrows(StoreException.class, () -> store.incrementDecimal(key, bytes("9e307"))).reason());
        assertEquals("9e307", value(key));
    }

    private <T> T atomically(Atomic<T> body) throws StoreException {
        return store.atomically(Map.of(key, Need.VALUE, other, Need.VALUE), false, body);
    }

    @Test
    void verbsThatRunAsOneSeeEachOther() throws StoreException {
        store.set(key, bytes("1"));
        store.expire(key, Duration.ofSeconds(5));
        long version = store.version(key);
        assertEquals(3, (long) atomically(verbs -> {
            verbs.increment(key, 1);
            verbs.copy(key, other);
            verbs.delete(key);
            assertFalse(verbs.exists(key));
            assertEquals(5, verbs.ttlSeconds(other).getAsLong());
            return verbs.increment(other, 1);
        }));
        assertNull(value(key));
        assertEquals("3", value(other));
        assertEquals(5, store.ttlSeconds(other).getAsLong());
        assertTrue(store.version(other) > version);
        assertEquals(List.of(other), store.keys(new byte[0], 10, new byte[0]));
        assertEquals(1, store.size());
    }

    @Test
    void aRunThatIsRefusedChangesNothing() throws StoreException {
        store.set(key, bytes("1"));
        assertEquals(Reason.CONDITION, assertThrows(StoreException.class, () -> atomically(verbs -> {
            verbs.set(key, bytes("2"));
            verbs.set(other, bytes("2"));
            throw StoreException.refused("no");
        })).reason());
        assertEquals("1", value(key));
        assertFalse(store.exists(other));
        assertEquals(1, store.size());
        assertThrows(IllegalArgumentException.class, () -> atomically(verbs -> verbs.set(key("third"), bytes("2"))));
        // Its keys are free again.
        store.set(key, bytes("3"));
        store.set(other, bytes("3"));
    }

    @Test
    void aRecordWithoutRoomHasTheChangesRefused() throws StoreException {
        if (store.isDurable()) {
            return; // FullDiskIT has this for a disk
        }
        store.set(key, bytes("1"));
        long size = store.size();
        assertEquals(Reason.FULL, assertThrows(StoreException.class, () -> atomically(new Atomic<Long>() {
            @Override
            public Long run(KeyVerbs verbs) throws StoreException {
                return verbs.set(other, bytes("2"));
            }

            @Override
            public OwnRecord record(Long result) {
                return new OwnRecord(bytes("a/record"), new byte[1_000_000]);
            }
        })).reason());
        assertEquals(size, store.size());
        assertFalse(store.exists(other));
    }

    @Test
    void recordsAreWrittenWithTheChanges() throws StoreException {
        byte[] record = bytes("a/record");
        try (Transaction transaction = store.begin()) {
            atomically(new Atomic<Long>() {
                @Override
                public Long run(KeyVerbs verbs) throws StoreException {
                    return verbs.set(key, bytes("2"));
                }

                @Override
                public OwnRecord record(Long result) {
                    return new OwnRecord(record, bytes("kept"));
                }
            });
            transaction.commit();
        }
        assertArrayEquals(bytes("kept"), store.record(record));
        assertEquals("2", value(key));
    }

    /// A key that is held counted as one that exists, in memory.
    @Test
    void keysThatAreHeldAndDoNotExistAreNotCounted() throws StoreException {
        store.set(key, bytes("1"));
        assertEquals(1, (long) store.atomically(Map.of(key, Need.VALUE, other, Need.VALUE), true, _ -> store.size()));
        assertEquals(1, store.size());
        atomically(verbs -> verbs.set(other, bytes("2")));
        assertEquals(2, store.size());
    }

    /// Values of 8 KiB and more are not on the heap of a store on disk.
    @Test
    void largeValuesAreThere() throws StoreException {
        store.set(key, new byte[LARGE]);
        store.set(other, bytes("x"));
        assertEquals(LARGE + 1, (int) atomically(verbs -> {
            assertEquals(LARGE, verbs.get(key).length);
            return verbs.append(key, bytes("y"));
        }));
        atomically(verbs -> verbs.copy(key, other));
        assertEquals(LARGE + 1, store.get(other).length);
        assertEquals(LARGE + 1, store.get(key).length);
    }

    @Test
    void aRunHasALimitOfWhatItWrites() throws StoreException {
        store.set(key, new byte[LARGE]);
        assertEquals(Reason.CONDITION, assertThrows(StoreException.class, () -> atomically(verbs -> {
            for (int i = 0; i < 4; i++) {
                verbs.append(key, bytes("y"));
            }
            return null;
        })).reason());
        assertEquals(LARGE, store.valueBytes(key));
    }

    @Test
    void tellsListenersOfEachKeyOnce() throws Exception {
        store.set(other, bytes("x"));
        store.expire(other, Duration.ofSeconds(1));
        var told = new LinkedBlockingQueue<String>();
        store.onChange(new KeyValueStore.ChangeListener() {
            @Override
            public boolean isInterested() {
                return true;
            }

            @Override
            public void changed(Key changed, Kind kind) {
                told.add(changed + " " + kind);
            }
        });
        atomically(verbs -> {
            verbs.set(key, bytes("1"));
            verbs.set(key, bytes("2"));
            return verbs.valueBytes(other);
        });
        assertEquals("k SET", told.take());
        store.delete(key);
        assertEquals("k DELETED", told.take());
        clock.advance(Duration.ofSeconds(1));
        store.set(key, bytes("1"));
        store.delete(other);
        assertTrue(List.of("other EXPIRED", "k SET").containsAll(List.of(told.take(), told.take())), told.toString());
        assertEquals(0, told.size());
        store.expire(key, Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(1));
        assertEquals(false, atomically(verbs -> verbs.delete(key)));
        store.size(); // in memory, this removes what has expired
        assertEquals("k EXPIRED", told.take());
    }

    @Test
    void aFullStoreRefusesAllOfIt() throws IOException, StoreException {
        if (store.isDurable()) {
            return; // the disk is its limit
        }
        store.close();
        store = open(new StoreLimits(30_000, 1_000));
        store.set(key, bytes("1"));
        assertEquals(Reason.FULL, assertThrows(StoreException.class, () -> atomically(verbs -> {
            verbs.set(key, bytes("2"));
            return verbs.set(other, new byte[900]);
        })).reason());
        assertEquals("1", value(key));
        assertFalse(store.exists(other));
        store.set(other, new byte[500]);
    }

    @Test
    void manyKeysThatMemoryDoesNotHave() throws StoreException {
        var keys = new HashMap<Key, Need>();
        for (int i = 0; i < 500; i++) {
            keys.put(key("key" + i), Need.VALUE);
            if (i % 2 == 0) {
                store.set(key("key" + i), bytes("value " + i));
            }
        }
        store.atomically(keys, false, verbs -> {
            for (Key each : keys.keySet()) {
                verbs.append(each, bytes("!"));
            }
            return null;
        });
        var values = new ArrayList<String>();
        store.atomically(keys, true, verbs -> {
            values.clear();
            for (int i = 0; i < 500; i++) {
                values.add(new String(verbs.get(key("key" + i)), UTF_8));
            }
            return null;
        });
        for (int i = 0; i < 500; i++) {
            assertEquals(i % 2 == 0 ? "value " + i + "!" : "!", values.get(i));
        }
    }
}
