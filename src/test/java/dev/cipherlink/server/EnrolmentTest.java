package dev.cipherlink.server;

import static dev.cipherlink.server.AuthorizedKeysTest.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnrolmentTest {

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
                Enrolment.open(authorized, file).identify(key(2), ""));
        assertTrue(enrolment.admits(key(77)));
    }

    @Test
    void theAuthorizedKeepTheirNamesAndRights() {
        assertEquals(Optional.of(new ClientIdentity("ann", Optional.of(key(1)), true)), enrolment.identify(key(1), "bob"));
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
        assertNotEquals("bob", Enrolment.open(authorized, file).identify(key(2), "bob").orElseThrow().name());
    }

    @Test
    void rightsInTheFileOfNamesDoNotCount() throws IOException {
        AuthorizedKeys.load(file).add(new AuthorizedKey("bob", key(2), List.of("operator")));
        assertFalse(Enrolment.open(authorized, file).identify(key(2), "").orElseThrow().isOperator());
    }

    @Test
    void refusesNewKeysWhenTheNamesHaveRunOut() throws IOException {
        var small = new Enrolment(authorized, AuthorizedKeys.load(file), 2);
        assertTrue(small.identify(key(2), "bob").isPresent());
        assertTrue(small.identify(key(3), "carl").isPresent());

        assertFalse(small.admits(key(4)));
        assertTrue(small.identify(key(4), "dora").isEmpty());
        assertTrue(small.admits(key(1)));
        assertTrue(small.identify(key(3), "").isPresent());
    }

    @Test
    void manyNewKeysAtOnceGetOneNameEach() throws Exception {
        var enrolments = new ArrayList<Callable<Optional<ClientIdentity>>>();
        for (int i = 0; i < 60; i++) {
            int number = 10 + i % 20;
            enrolments.add(() -> enrolment.identify(key(number), "same"));
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

    @Test
    void thePolicyChoosesTheDirectory() throws IOException {
        assertSame(authorized, ClientPolicy.AUTHORIZED.directory(authorized, file));
        assertTrue(ClientPolicy.ANY.directory(authorized, file).admits(key(50)));
    }

    private String name(int number, String claimed) {
        return enrolment.identify(key(number), claimed).orElseThrow().name();
    }
}
