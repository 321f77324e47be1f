package dev.cipherlink.server.access;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.command.Command;
import dev.cipherlink.server.access.ClientRights.Service;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Usage;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The options of a line, and what they allow.
class ClientRightsTest {

    private static ClientRights rights(String options) {
        return ClientRights.parse(List.of(options.split(" ")));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"root", "operator=", "keys", "keys=", "keys=app:*", "keys=rw:", "keys=ro:a*b", "keys=ro:a,", "services=",
        "services=kv,disk", "services=kv services=chat", "from=", "from=example.org", "from=10.0.0.1/8", "from=10.0.0.0/33",
        "from=10.1", "from=10.1.0/24", "from=167772161",
        "from=10.0.0.0/-1", "from=10.0.0.0/", "from=::1/129", "expires=", "expires=tomorrow", "expires=30d", "expires=2027-02-30",
        "expires=2027-01-01 expires=2027-01-02", "max-connections=0", "max-connections=-1", "max-connections=1000001", "rate=0",
        "rate=1.5", "rate=", "forward=", "listen=", "listen=host:80", "listen=127.0.0.1", "operator operator", "keys=ro:ü*", "max-bytes=0", "max-bytes=1MiB", "max-bytes=5 max-bytes=5", "most-bytes=1"})
    void refusesWhatItDoesNotKnow(String options) {
        assertThrows(IllegalArgumentException.class, () -> rights(options));
    }

    /// The record of a session had no room for them: each session of the key ended with an internal error.
    @Test
    void refusesMoreOptionsOfASessionThanItsRecordHasRoomFor() {
        String most = "keys=ro:" + "a".repeat(65_535 - "keys=ro:".length());
        assertEquals(most, rights(most).ofSession());
        String message = assertThrows(IllegalArgumentException.class, () -> rights(most + " operator")).getMessage();
        assertTrue(message.contains("at most 65535 characters"), message);
        assertEquals(most, rights(most + " from=10.0.0.0/8").ofSession(), "others do not count");
    }

    @Test
    void withoutOptionsAllIsAllowedButOperating() {
        assertFalse(ClientRights.USER.isOperator());
        assertNull(ClientRights.USER.refusal(new Command.Set(new byte[] {1}, new byte[0])));
        assertNull(ClientRights.USER.refusal(new Command.Rooms()));
        assertTrue(ClientRights.USER.mayUse(Service.FORWARD));
        assertTrue(ClientRights.OPERATOR.isOperator());
    }

    @Test
    void theLongestPatternDecides() {
        KeyRules keys = rights("keys=rw:*,ro:conf:*,rw:conf:mine keys=ro:conf:mine:*").keys();
        assertTrue(keys.mayWrite(bytes("other")));
        assertFalse(keys.mayWrite(bytes("conf:a")));
        assertTrue(keys.mayRead(bytes("conf:a")));
        assertTrue(keys.mayWrite(bytes("conf:mine")), "a key by its whole name");
        assertFalse(keys.mayWrite(bytes("conf:mine:x")));
        assertFalse(keys.mayWrite(bytes("conf:minex")));
        assertTrue(keys.mayList(bytes("")));
        KeyRules both = rights("keys=rw:a*,ro:a*").keys();
        assertTrue(both.mayRead(bytes("ab")));
        assertFalse(both.mayWrite(bytes("ab")), "of two equal patterns the one that only reads");
    }

    @Test
    void aKeyThatNoPatternMatchesIsOutOfReach() {
        KeyRules keys = rights("keys=ro:app:*,rw:one").keys();
        for (String outside : List.of("app", "ap", "application", "one1", "on", "ONE", "App:x")) {
            assertFalse(keys.mayRead(bytes(outside)), outside);
            assertFalse(keys.mayWrite(bytes(outside)), outside);
        }
        assertTrue(keys.mayRead(bytes("app:")));
        assertFalse(keys.mayWrite(bytes("app:")));
        assertTrue(keys.mayList(bytes("app:")));
        assertTrue(keys.mayList(bytes("app:x")));
        assertFalse(keys.mayList(bytes("app")), "keys outside begin with it");
        assertFalse(keys.mayList(bytes("")));
        assertFalse(keys.mayList(bytes("one")), "so do keys behind a single one");
    }

    @Test
    void addressesAreComparedByBlock() throws Exception {
        ClientRights from = rights("from=10.0.0.0/8,192.0.2.7 from=2001:db8::/32");
        for (String inside : List.of("10.255.1.2", "192.0.2.7", "2001:db8:5::1", "::ffff:10.1.1.1")) {
            assertTrue(from.admits(InetAddress.getByName(inside)), inside);
        }
        for (String outside : List.of("11.0.0.1", "192.0.2.8", "2001:db9::1", "::1", "127.0.0.1")) {
            assertFalse(from.admits(InetAddress.getByName(outside)), outside);
        }
        assertTrue(rights("from=0.0.0.0/0").admits(InetAddress.getByName("203.0.113.9")));
        assertFalse(rights("from=0.0.0.0/0").admits(InetAddress.getByName("::1")));
    }

    @Test
    void aDateEndsAKeyWhenTheDayBegins() {
        ClientRights until = rights("expires=2027-01-31");
        assertFalse(until.isExpired(Instant.parse("2027-01-30T23:59:59Z")));
        assertTrue(until.isExpired(Instant.parse("2027-01-31T00:00:00Z")));
        assertTrue(rights("expires=2027-01-31T18:00:00Z").isExpired(Instant.parse("2027-01-31T18:00:00Z")));
        assertFalse(ClientRights.USER.isExpired(Instant.MAX));
    }

    @Test
    void theOrderOfOptionsDoesNotMatter() {
        assertEquals(rights("operator rate=5"), rights("rate=5 operator"));
        assertNotEquals(rights("rate=5"), rights("rate=6"));
        ClientRights all = rights("max-bytes=70 rate=5 from=10.0.0.0/8 keys=ro:a* services=kv operator max-connections=3 expires=2027-01-31");
        assertEquals("keys=ro:a* max-bytes=70 operator rate=5 services=kv", all.ofSession());
        assertEquals(all.ofSession(), ClientRights.parseSession(all.ofSession()).ofSession());
        assertEquals(ClientRights.USER, ClientRights.parseSession(ClientRights.USER.ofSession()));
    }

    /// A count looks below each prefix once.
    @Test
    void theKeysOfAQuotaAreThoseThatMayBeWritten() {
        KeyRules keys = rights("keys=rw:a:b:*,rw:a:*,ro:a:c:*,rw:one,ro:z*").keys();
        assertEquals(List.of("a:", "one"), keys.prefixes().stream().map(String::new).sorted().toList());
        assertTrue(keys.contains("a:b:1".getBytes()) && keys.contains("one".getBytes()));
        assertFalse(keys.contains("a:c:1".getBytes()) || keys.contains("z".getBytes()) || keys.contains("onemore".getBytes()));
        assertEquals(List.of(""), ClientRights.USER.keys().prefixes().stream().map(String::new).toList());
    }

    /// The keys of each order of the same rules were counted apart, and each write looked at all these counts.
    @Test
    void theSameRulesAreCountedOnceWhateverTheirOrder() throws Exception {
        try (var store = new MemoryStore(new StoreLimits(100, 10_000))) {
            Usage usage = rights("keys=rw:b:*,ro:a:x,rw:a:* max-bytes=5").quota(store).usage();
            assertSame(usage, rights("max-bytes=7 keys=rw:a:*,rw:b:* keys=ro:a:x,rw:a:*").quota(store).usage());
            assertNotSame(usage, rights("keys=rw:b:*,rw:a:* max-bytes=5").quota(store).usage());
            assertNotSame(usage, rights("keys=rw:b:*,ro:a:x*,rw:a:* max-bytes=5").quota(store).usage());
            assertNotSame(usage, rights("keys=rw:b:*,rw:a:x,rw:a:* max-bytes=5").quota(store).usage());
            assertSame(rights("max-bytes=5").quota(store).usage(), rights("keys=rw:* max-bytes=5").quota(store).usage());
            assertTrue(usage.awaitCount(Duration.ofSeconds(20)));
            assertTrue(store.usages().containsKey("ro:a:x,rw:a:*,rw:b:*"), store.usages()::toString);
        }
    }
}
