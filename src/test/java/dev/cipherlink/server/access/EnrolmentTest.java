package dev.cipherlink.server.access;

import static dev.cipherlink.server.access.AuthorizedKeysTest.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.server.access.ClientDirectory.ClientPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnrolmentTest {

    private static final InetAddress HERE = InetAddress.ofLiteral("192.0.2.1");

    @TempDir
    Path folder;
    private Path file;
    private AuthorizedKeys authorized;
    private Enrolment enrolment;

    @BeforeEach
    void open() throws IOException {
        file = folder.resolve("data/enrolled-keys");
        authorized = AuthorizedKeys.load(folder.resolve("authorized-keys"));
        authorized.add(new AuthorizedKey("ann", key(1), List.of("operator")));
        enrolment = Enrolment.open(authorized, file);
    }

    @Test
    void aNewKeyTakesTheFreeNameItClaimsAndKeepsIt() throws IOException {
        assertEquals("bob", name(2, "bob"));
        assertEquals("bob", name(2, "somebody-else"));
        assertEquals(Optional.of(new ClientIdentity("bob", Optional.of(key(2)), false)),
                Enrolment.open(authorized, file).welcome(key(2), "", HERE));
        assertTrue(enrolment.admits(key(77)));
    }

    @Test
    void theAuthorizedKeepTheirNamesAndRights() {
        assertEquals(Optional.of(new ClientIdentity("ann", Optional.of(key(1)), true)), enrolment.welcome(key(1), "bob", HERE));
        assertFalse(Files.exists(file));
    }

    /// The first group of the fingerprint.
    private static String nameOf(int number) {
        return ("user-" + key(number).fingerprint()).substring(0, "user-".length() + 4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ann", "ANN", "", "bad name", "-x", "user-root"})
    void aKeyWithoutAFreeNameIsCalledByItsFingerprint(String claimed) {
        assertEquals(nameOf(2), name(2, claimed));
    }

    @Test
    void aNameThatIsGivenAwayIsNotGivenTwice() {
        name(2, "bob");
        assertEquals(nameOf(3), name(3, "Bob"));
    }

    @Test
    void aTakenFingerprintNameGetsLonger() throws IOException {
        String first = nameOf(2);
        authorized.add(new AuthorizedKey(first, key(9), List.of()));
        assertEquals(("user-" + key(2).fingerprint()).substring(0, "user-".length() + 9), name(2, ""));
    }

    @Test
    void aNameThatTheOperatorGivesToSomebodyElseIsLost() throws IOException {
        assertEquals("bob", name(2, "bob"));
        authorized.add(new AuthorizedKey("Bob", key(3), List.of()));

        assertEquals("Bob", name(3, ""));
        assertEquals(nameOf(2), name(2, "bob"));
        assertNotEquals("bob", Enrolment.open(authorized, file).welcome(key(2), "bob", HERE).orElseThrow().name());
    }

    @Test
    void rightsInTheFileOfNamesDoNotCount() throws IOException {
        AuthorizedKeys.load(file).add(new AuthorizedKey("bob", key(2), List.of("operator")));
        assertFalse(Enrolment.open(authorized, file).welcome(key(2), "", HERE).orElseThrow().isOperator());
    }

    @Test
    void refusesNewKeysWhenTheNamesHaveRunOut() throws IOException {
        var small = new Enrolment(authorized, AuthorizedKeys.load(file), 2, System::nanoTime);
        assertTrue(small.welcome(key(2), "bob", HERE).isPresent());
        assertTrue(small.welcome(key(3), "carl", HERE).isPresent());

        assertFalse(small.admits(key(4)));
        assertTrue(small.welcome(key(4), "dora", HERE).isEmpty());
        assertTrue(small.admits(key(1)));
        assertTrue(small.welcome(key(3), "", HERE).isPresent());
    }

    @Test
    void manyNewKeysAtOnceGetOneNameEach() throws Exception {
        var enrolments = new ArrayList<Callable<Optional<ClientIdentity>>>();
        for (int i = 0; i < 60; i++) {
            int number = 10 + i % 20;
            enrolments.add(() -> enrolment.welcome(key(number), "same", HERE));
        }
        var names = new HashSet<String>();
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (var result : threads.invokeAll(enrolments)) {
                names.add(result.get().orElseThrow().name());
            }
        }
        assertEquals(20, names.size());
        assertTrue(names.contains("same"));
        assertEquals(20, AuthorizedKeys.load(file).list().size());
    }

    /// Issue 13.17: one machine could take all names.
    @Test
    void aNetblockGetsAFewNewNamesADay() throws IOException {
        var now = new AtomicLong();
        var limited = new Enrolment(authorized, AuthorizedKeys.load(file), 1_000, now::get);
        int number = 1_000;
        for (String block : List.of("198.51.100.", "203.0.113.", "2001:db8:1:", "2001:db8:2:")) {
            int given = 0;
            for (int i = 1; i <= 50; i++) {
                InetAddress from = InetAddress.ofLiteral(block + i + (block.endsWith(":") ? "::1" : ""));
                given += limited.welcome(key(number++), "", from).isPresent() ? 1 : 0;
            }
            assertEquals(Enrolment.NAMES_A_DAY, given, block);
        }
        InetAddress full = InetAddress.ofLiteral("203.0.113.7");
        assertTrue(limited.welcome(key(1), "", full).isPresent(), "the authorized need no new name");
        now.addAndGet(Duration.ofHours(2).toNanos());
        assertTrue(limited.welcome(key(7_001), "late", full).isPresent());
        assertTrue(limited.welcome(key(7_002), "later", full).isEmpty());
        assertTrue(limited.welcome(key(7_001), "", full).isPresent(), "a name that was given stays");
    }

    /// Issue 13.17: a key could not be kept out.
    @Test
    void aDeniedKeyStaysOutAndKeepsItsName() throws IOException {
        assertEquals("bob", name(2, "bob"));
        authorized.put(new AuthorizedKey("bob", key(2), List.of("denied")));
        authorized.put(new AuthorizedKey("ann", key(1), List.of("denied")));
        for (int number : List.of(1, 2)) {
            assertFalse(enrolment.admits(key(number)));
            assertTrue(enrolment.identify(key(number)).isEmpty());
            assertTrue(enrolment.welcome(key(number), "carl", HERE).isEmpty());
            assertFalse(authorized.admits(key(number)));
        }
        assertEquals(nameOf(3), name(3, "bob"));
        assertEquals(List.of("denied"), AuthorizedKeys.load(authorized.path()).find("ann").orElseThrow().options());
    }

    /// A key that its line keeps out is no stranger, who would get a name.
    @Test
    void aLineThatDoesNotAdmitAKeyIsNotPassedOver() throws IOException {
        authorized.put(new AuthorizedKey("old", key(5), List.of("expires=2020-01-01")));
        authorized.put(new AuthorizedKey("far", key(6), List.of("from=198.51.100.0/24")));
        assertEquals("expired key", enrolment.refusal(key(5), HERE));
        assertFalse(enrolment.admits(key(5)));
        assertTrue(enrolment.welcome(key(5), "new", HERE).isEmpty());
        assertEquals("key from an address that its line does not have", enrolment.refusal(key(6), HERE));
        assertNull(enrolment.refusal(key(6), InetAddress.getByName("198.51.100.9")));
        assertNull(enrolment.refusal(key(7), HERE), "a stranger");
    }

    @Test
    void thePolicyChoosesTheDirectory() throws IOException {
        assertSame(authorized, ClientPolicy.AUTHORIZED.directory(authorized, file));
        assertTrue(ClientPolicy.ANY.directory(authorized, file).admits(key(50)));
    }

    @Test
    void theFirstUseOfANewKeyIsRecorded() throws IOException {
        LastUses uses = LastUses.load(folder.resolve("used_keys"));
        enrolment.recordUses(uses);
        name(2, "bob");
        assertTrue(uses.of(key(2)).isPresent());
    }

    private String name(int number, String claimed) {
        return enrolment.welcome(key(number), claimed, HERE).orElseThrow().name();
    }
}
