package dev.cipherlink.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.KeyVerbs.CasResult;
import dev.cipherlink.store.StoreException.Reason;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The contract of every store. Each engine runs it.
public abstract class StoreContract {
    private static final int MAX_VALUE_BYTES = 10;

    public final ManualClock clock = new ManualClock();
    private final Key key = key("k");
    KeyValueStore store;

    public abstract KeyValueStore open(StoreLimits limits) throws IOException;

    @BeforeEach
    void openStore() throws IOException {
        store = open(new StoreLimits(MAX_VALUE_BYTES, 100_000));
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    @Test
    void givesBackWhatWasSet() throws StoreException {
        byte[] value = {0, '\n', -1};
        store.set(key, value);
        assertArrayEquals(value, store.get(key("k")));
        assertTrue(store.exists(key));
    }

    @Test
    void aKeyThatWasNeverSetDoesNotExist() throws StoreException {
        assertNull(store.get(key));
        assertNull(store.entry(key));
        assertFalse(store.exists(key));
        assertFalse(store.delete(key));
        assertFalse(store.expire(key, Duration.ofSeconds(1)));
        assertFalse(store.persist(key));
        assertTrue(store.ttlSeconds(key).isEmpty());
        assertEquals(0, store.valueBytes(key));
        assertEquals(0, store.size());
    }

    @Test
    void aDeletedKeyIsGone() throws StoreException {
        store.set(key, bytes("v"));
        assertTrue(store.delete(key));
        assertNull(store.get(key));
        assertFalse(store.delete(key));
        assertEquals(List.of(), keys("", 10, ""));
    }

    @Test
    void anEmptyValueExists() throws StoreException {
        store.set(key, new byte[0]);
        assertArrayEquals(new byte[0], store.get(key));
        assertTrue(store.exists(key));
    }

    @Test
    void everyWriteOfAValueGivesALargerVersionEvenAfterDelete() throws StoreException {
        long first = store.set(key, bytes("1"));
        assertTrue(first >= 1);
        long second = store.set(key, bytes("1"));
        store.increment(key, 1);
        long third = store.entry(key).version();
        store.append(key, bytes("0"));
        long fourth = store.entry(key).version();
        store.delete(key);
        long fifth = store.set(key, bytes("x"));
        long other = store.set(key("other"), bytes("x"));
        assertTrue(first < second && second < third && third < fourth && fourth < fifth && fifth < other);
    }

    @Test
    void expireAndPersistLeaveTheVersion() throws StoreException {
        long version = store.set(key, bytes("v"));
        store.expire(key, Duration.ofSeconds(9));
        assertEquals(version, store.entry(key).version());
        store.persist(key);
        assertEquals(version, store.entry(key).version());
    }

    @Test
    void compareAndSetWritesOnlyOnTheVersionItWasGiven() throws StoreException {
        assertEquals(new CasResult(false, 0), store.compareAndSet(key, 7, bytes("a")));
        assertNull(store.get(key));
        CasResult created = store.compareAndSet(key, 0, bytes("b"));
        assertTrue(created.isSet());
        assertEquals(created.version(), store.entry(key).version());
        assertEquals(new CasResult(false, created.version()), store.compareAndSet(key, 0, bytes("c")));
        assertEquals(new CasResult(false, created.version()),
                store.compareAndSet(key, created.version() + 1, bytes("c")));
        assertArrayEquals(bytes("b"), store.get(key));
        CasResult changed = store.compareAndSet(key, created.version(), bytes("d"));
        assertTrue(changed.isSet() && changed.version() > created.version());
        assertArrayEquals(bytes("d"), store.get(key));
    }

    @Test
    void compareAndSetSeesADeletedAndAnExpiredKeyAsMissing() throws StoreException {
        long version = store.set(key, bytes("a"));
        store.expire(key, Duration.ofSeconds(1));
        clock.advance(Duration.ofSeconds(1));
        assertEquals(new CasResult(false, 0), store.compareAndSet(key, version, bytes("b")));
        assertTrue(store.compareAndSet(key, 0, bytes("c")).isSet());
        assertEquals(-1, store.ttlSeconds(key).orElseThrow());
    }

    @Test
    void incrementCountsFromZero() throws StoreException {
        assertEquals(5, store.increment(key, 5));
        assertEquals(-2, store.increment(key, -7));
        assertArrayEquals(bytes("-2"), store.get(key));
    }

    @ParameterizedTest
    @CsvSource({"9223372036854775806,1,9223372036854775807", "-9223372036854775807,-1,-9223372036854775808",
        "007,1,8", "-0,0,0", "-9223372036854775808,9223372036854775807,-1"})
    void incrementAddsUpToTheLimitsOf64Bits(String value, long by, long sum) throws StoreException {
        store.set(key, bytes(value));
        assertEquals(sum, store.increment(key, by));
        assertArrayEquals(bytes(Long.toString(sum)), store.get(key));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "+1", "1.5", " 1", "1 ", "x", "1x", "--1", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999", "00000000000000000000000000000000000001"})
    void incrementRefusesWhatIsNotANumberAndChangesNothing(String value) throws StoreException {
        long version = store.set(key, bytes(value));
        store.expire(key, Duration.ofSeconds(5));
        assertRefused(Reason.NOT_A_NUMBER, () -> store.increment(key, 1));
        assertUnchanged(value, version);
    }

    @ParameterizedTest
    @CsvSource({"9223372036854775807,1", "-9223372036854775808,-1", "-1,-9223372036854775808",
        "1,9223372036854775807"})
    void incrementRefusesOverflowAndChangesNothing(String value, long by) throws StoreException {
        long version = store.set(key, bytes(value));
        store.expire(key, Duration.ofSeconds(5));
        assertRefused(Reason.OVERFLOW, () -> store.increment(key, by));
        assertUnchanged(value, version);
    }

    @Test
    void appendGrowsTheValueAndLeavesTheOldArrayAlone() throws StoreException {
        byte[] first = bytes("ab");
        assertEquals(2, store.append(key, first));
        assertEquals(5, store.append(key, bytes("cde")));
        assertArrayEquals(bytes("abcde"), store.get(key));
        assertArrayEquals(bytes("ab"), first);
        assertEquals(5, store.append(key, new byte[0]));
    }

    @Test
    void appendRefusesToGrowBeyondTheLimitAndChangesNothing() throws StoreException {
        long version = store.set(key, bytes("12345678"));
        store.expire(key, Duration.ofSeconds(5));
        assertRefused(Reason.VALUE_TOO_LARGE, () -> store.append(key, bytes("abc")));
        assertUnchanged("12345678", version);
        assertEquals(MAX_VALUE_BYTES, store.append(key, bytes("ab")));
        assertRefused(Reason.VALUE_TOO_LARGE, () -> store.append(key("new"), new byte[MAX_VALUE_BYTES + 1]));
        assertFalse(store.exists(key("new")));
    }

    @Test
    void listsKeysInByteOrder() throws StoreException {
        fill("b", "a", "\u00e9", "ab", "B", "z", "a:");
        assertEquals(List.of("B", "a", "a:", "ab", "b", "z", "\u00e9"), keys("", 100, ""));
        assertEquals(List.of("a", "a:", "ab"), keys("a", 100, ""));
        assertEquals(List.of("a", "a:"), keys("a", 2, ""));
        assertEquals(List.of("\u00e9"), keys("\u00e9", 2, ""));
        assertEquals(List.of(), keys("c", 2, ""));
    }

    @Test
    void listsAfterAKeyWhetherItExistsOrNot() throws StoreException {
        fill("a1", "a2", "a3", "b1");
        assertEquals(List.of("a2", "a3", "b1"), keys("", 9, "a1"));
        assertEquals(List.of("a2", "a3"), keys("a", 9, "a1"));
        assertEquals(List.of("a2", "a3"), keys("a", 9, "a11"));
        assertEquals(List.of("a1", "a2", "a3"), keys("a", 9, "A"));
        assertEquals(List.of("a1", "a2", "a3"), keys("a", 9, "a"));
        assertEquals(List.of(), keys("a", 9, "a3"));
        assertEquals(List.of(), keys("a", 9, "b"));
        assertEquals(List.of(), keys("a1", 9, "a1"));
    }

    @Test
    void pagesThroughAllKeysOnce() throws StoreException {
        for (int i = 0; i < 100; i++) {
            fill("key" + i);
        }
        var seen = new java.util.ArrayList<String>();
        List<String> page = keys("", 7, "");
        while (!page.isEmpty()) {
            seen.addAll(page);
            page = keys("", 7, page.getLast());
        }
        assertEquals(keys("", 1000, ""), seen);
        assertEquals(100, seen.size());
    }

    @Test
    void countsByPrefix() throws StoreException {
        fill("a", "ab", "abc", "b");
        store.expire(key("ab"), Duration.ofSeconds(1));
        assertEquals(4, store.count(bytes("")));
        assertEquals(3, store.count(bytes("a")));
        clock.advance(Duration.ofSeconds(1));
        assertEquals(2, store.count(bytes("a")));
        assertEquals(0, store.count(bytes("c")));
        assertEquals(3, store.count(bytes("")));
        assertEquals(3, store.size());
    }

    @Test
    void closesTwice() {
        store.close();
        store.close();
    }

    private void assertUnchanged(String value, long version) throws StoreException {
        KeyValueStore.Entry entry = store.entry(key);
        assertNotNull(entry);
        assertArrayEquals(bytes(value), entry.value());
        assertEquals(version, entry.version());
        assertEquals(5, entry.ttlSeconds());
    }

    static void assertRefused(Reason reason, Executable write) {
        assertEquals(reason, assertThrows(StoreException.class, write).reason());
    }

    private void fill(String... names) throws StoreException {
        for (String name : names) {
            store.set(key(name), bytes("v"));
        }
    }

    final List<String> keys(String prefix, int limit, String after) throws StoreException {
        return store.keys(bytes(prefix), limit, bytes(after)).stream().map(Key::toString).toList();
    }

    static Key key(String text) {
        return Key.of(bytes(text));
    }

    static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
