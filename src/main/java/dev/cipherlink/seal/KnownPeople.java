package dev.cipherlink.seal;

import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The people whom a user has met on one server, with the keys that they had: a file with one line each,
/// `<server>/<name> cipherlink-x25519 <base64> <since> [verified] [read=<time>]`.
///
/// A key is believed when its name is met for the first time, and from then on no other for that name until the user says so. `since` is
/// that time, `verified` is there once the words were compared, and `read` is when the newest sealed message was written that was
/// opened from that person. Times are ISO 8601 in UTC.
///
/// Servers and names are compared without their case, as a hand may have written them. Other lines are left alone. A new file has mode
/// 0600; one that others may write is refused. Without a file they are kept in memory, for this process. Each call reads the file, but
/// [#isNews] of what is none.
///
/// Thread-safe, also against other processes that do the same; everything blocks on the disk.
public final class KnownPeople {
    /// Each takes about 120 bytes; a server can make up names.
    private static final int MAX_PEOPLE = 10_000;
    private static final String VERIFIED = "verified";
    private static final String READ = "read=";

    /// Empty if there is no place for one.
    private final Optional<KeyListFile> file;
    private List<String> unsaved = List.of();
    private final String prefix;
    /// When the newest message of each key was written, as far as this process knows: another one that runs beside it gets the same
    /// messages, and must not make them look repeated here.
    private final Map<PublicKey, Instant> newest = new ConcurrentHashMap<>();

    /// @param server as [dev.cipherlink.client.KnownHosts#name] makes it
    /// @throws IOException if the file cannot be read, or others may write it
    public KnownPeople(Optional<Path> path, String server) throws IOException {
        file = path.map(KeyListFile::new);
        prefix = server + "/";
        list().forEach(person -> newest.put(person.key, person.newest));
    }

    /// @param name    in lower case
    /// @param since   when the key was met, as it stands in the file
    /// @param newest  when the newest message that was opened was written; [Instant#MIN] if there was none
    public record Person(String name, PublicKey key, String since, boolean isVerified, Instant newest) {

        private String line(String prefix) {
            return prefix + name + " " + PublicKeyLine.KEY_TYPE + " " + PublicKeyLine.encodeKey(key) + " " + since
                    + (isVerified ? " " + VERIFIED : "") + (newest.equals(Instant.MIN) ? "" : " " + READ + newest);
        }
    }

    /// The people of this server.
    public List<Person> list() throws IOException {
        return people(file.isEmpty() ? unsaved() : file.get().read().map(KeyListFile.Content::lines).orElse(List.of()));
    }

    private synchronized List<String> unsaved() {
        return unsaved;
    }

    public Optional<Person> find(String name) throws IOException {
        return find(list(), name);
    }

    /// The person who has this key, or had it when it was last met.
    public Optional<Person> find(PublicKey key) throws IOException {
        return list().stream().filter(person -> person.key.equals(key)).findFirst();
    }

    private static Optional<Person> find(List<Person> people, String name) {
        String folded = name.toLowerCase(Locale.ROOT);
        return people.stream().filter(person -> person.name.equals(folded)).findFirst();
    }

    /// The person of this name, who is kept with this key if the name is new.
    public Person meet(String name, PublicKey key) throws IOException {
        return replace(name, known -> known.orElseGet(() -> met(name, key)));
    }

    /// Believes this key from now on, in place of another that the name may have had.
    ///
    /// @param isVerified whether the words were compared; a key that was verified stays so
    public Person accept(String name, PublicKey key, boolean isVerified) throws IOException {
        return replace(name, known -> {
            Person person = known.filter(same -> same.key.equals(key)).orElseGet(() -> met(name, key));
            return new Person(person.name, key, person.since, isVerified || person.isVerified, person.newest);
        });
    }

    /// Whether a message of a person was written after all that were opened before; if so, it counts as opened. A message that the server
    /// tells a second time, or after a later one, is no news.
    public boolean isNews(Person person, Instant written) throws IOException {
        Instant before = newest.getOrDefault(person.key, Instant.MIN);
        if (!written.isAfter(before)) {
            return false;
        }
        newest.put(person.key, written);
        replace(person.name, known -> known.filter(now -> now.key.equals(person.key) && now.newest.isBefore(written))
                .map(now -> new Person(now.name, now.key, now.since, now.isVerified, written)).or(() -> known).orElse(person));
        return true;
    }

    private static Person met(String name, PublicKey key) {
        return new Person(name.toLowerCase(Locale.ROOT), key, Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), false, Instant.MIN);
    }

    private interface Change {
        Person of(Optional<Person> known);
    }

    private Person replace(String name, Change change) throws IOException {
        var changed = new Person[1];
        KeyListFile.Edit edit = lines -> {
            List<Person> people = people(lines);
            Optional<Person> known = find(people, name);
            if (known.isEmpty() && people.size() >= MAX_PEOPLE) {
                throw new IOException("the known people have " + MAX_PEOPLE + " of this server, and take no more: delete lines of their file");
            }
            changed[0] = change.of(known);
            var after = new ArrayList<>(lines);
            after.removeIf(line -> isOf(line, name));
            int at = known.isEmpty() ? after.size() : first(lines, name);
            after.add(at, changed[0].line(prefix));
            return after;
        };
        if (file.isPresent()) {
            file.get().update(edit);
        } else {
            synchronized (this) {
                unsaved = edit.apply(unsaved);
            }
        }
        return changed[0];
    }

    private int first(List<String> lines, String name) {
        int at = 0;
        while (!isOf(lines.get(at), name)) {
            at++;
        }
        return at;
    }

    private boolean isOf(String line, String name) {
        return words(line)[0].equals(prefix + name.toLowerCase(Locale.ROOT));
    }

    /// The words of a line, with server and name in lower case.
    private static String[] words(String line) {
        String[] words = line.strip().split("[ \t]+");
        words[0] = words[0].toLowerCase(Locale.ROOT);
        return words;
    }

    /// @throws IOException if a line of this server is damaged: a person who was met would look new
    private List<Person> people(List<String> lines) throws IOException {
        var people = new ArrayList<Person>();
        for (int i = 0; i < lines.size(); i++) {
            String[] words = words(lines.get(i));
            if (!words[0].startsWith(prefix)) {
                continue;
            }
            try {
                people.add(person(words));
            } catch (IllegalArgumentException | DateTimeParseException e) {
                throw new KeyListFile.KeyLineException(file.orElseThrow().path(), i + 1, e.getMessage() + "; delete the line, or restore it");
            }
        }
        return people;
    }

    private Person person(String[] words) {
        String name = words[0].substring(prefix.length());
        PublicKeyLine.requireName(name);
        if (words.length < 4) {
            throw new IllegalArgumentException("the key or its time is missing");
        }
        PublicKeyLine.requireKeyType(words[1]);
        boolean isVerified = false;
        Instant read = Instant.MIN;
        for (int i = 4; i < words.length; i++) {
            isVerified |= words[i].equals(VERIFIED);
            read = words[i].startsWith(READ) ? Instant.parse(words[i].substring(READ.length())) : read;
        }
        return new Person(name, PublicKeyLine.parseKey(words[2]), words[3], isVerified, read);
    }
}
