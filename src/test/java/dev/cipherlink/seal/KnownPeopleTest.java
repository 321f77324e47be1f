package dev.cipherlink.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownPeopleTest {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00.123Z");
    private static final PublicKey ONE = PublicKey.of(KeyPair.generate().publicKey());
    private static final PublicKey OTHER = PublicKey.of(KeyPair.generate().publicKey());

    @TempDir
    Path folder;

    private KnownPeople people(String server) throws IOException {
        return new KnownPeople(Optional.of(folder.resolve("known")), server);
    }

    @Test
    void theFirstKeyOfANameStays() throws IOException {
        KnownPeople people = people("a:1");
        assertEquals(Optional.empty(), people.find("ann"));
        assertEquals(ONE, people.meet("Ann", ONE).key());
        assertEquals(ONE, people.meet("ann", OTHER).key());
        assertEquals(ONE, people("a:1").find("ANN").orElseThrow().key());
        assertEquals("ann", people("a:1").find(ONE).orElseThrow().name());
        assertEquals(Optional.empty(), people("b:1").find("ann"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("known"))));
    }

    /// Else the name would look new, and any key of the server's would be believed.
    @Test
    void aNameThatAHandWroteInCapitalsIsTheSamePerson() throws IOException {
        people("a:1").meet("ann", ONE);
        Path file = folder.resolve("known");
        Files.writeString(file, Files.readString(file).replace("a:1/ann ", "A:1/Ann "));
        assertEquals(ONE, people("a:1").meet("ann", OTHER).key());
        assertEquals(OTHER, people("a:1").accept("ANN", OTHER, false).key());
        assertEquals(1, Files.readAllLines(file).size());
    }

    /// A container without a home folder.
    @Test
    void withoutAFileTheyAreKeptInMemory() throws IOException {
        var people = new KnownPeople(Optional.empty(), "a:1");
        people.meet("ann", ONE);
        assertEquals(ONE, people.meet("ann", OTHER).key());
        assertTrue(people.isNews(people.find("ann").orElseThrow(), NOON));
        assertFalse(people.isNews(people.find("ann").orElseThrow(), NOON));
    }

    @Test
    void aVerifiedKeyStaysSoAndAnotherOneIsNot() throws IOException {
        KnownPeople people = people("a:1");
        people.meet("ann", ONE);
        String since = people.find("ann").orElseThrow().since();
        assertTrue(people.accept("ann", ONE, true).isVerified());
        assertTrue(people.accept("ann", ONE, false).isVerified());
        assertEquals(since, people.find("ann").orElseThrow().since());
        KnownPeople.Person changed = people.accept("ann", OTHER, false);
        assertFalse(changed.isVerified());
        assertEquals(OTHER, people.find("ann").orElseThrow().key());
        assertEquals(1, people.list().size());
    }

    @Test
    void aMessageIsNewsOnceAndInOrder() throws IOException {
        KnownPeople people = people("a:1");
        KnownPeople beside = people("a:1");
        var ann = people.meet("ann", ONE);
        assertTrue(people.isNews(ann, NOON));
        assertFalse(people.isNews(ann, NOON));
        assertFalse(people.isNews(ann, NOON.minusMillis(1)));
        assertTrue(people.isNews(ann, NOON.plusMillis(1)));
        assertTrue(beside.isNews(ann, NOON), "another process of the same user gets the same messages");
        KnownPeople later = people("a:1");
        assertFalse(later.isNews(ann, NOON.plusMillis(1)), "the file keeps it");
        assertEquals(NOON.plusMillis(1), later.find("ann").orElseThrow().newest());
    }

    @Test
    void otherLinesStayAndADamagedOneIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("known"), "# mine\nb:2/ann nonsense\n");
        people("a:1").meet("ann", ONE);
        people("a:1").accept("ann", OTHER, true);
        List<String> lines = Files.readAllLines(file);
        assertEquals(List.of("# mine", "b:2/ann nonsense"), lines.subList(0, 2));
        assertEquals(3, lines.size());
        assertEquals(2, assertThrows(KeyLineException.class, () -> people("b:2")).line());
    }
}
