package dev.cipherlink.server.access;

import dev.cipherlink.audit.AuditEvent;
import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The authorized-keys file of a server: the admitted clients with their names and rights. As a directory it admits
/// exactly the keys that it lists (`server.clients = authorized`).
///
/// One key a line, `cipherlink-x25519 <base64> <name> [options]`; `#` begins a comment line. Comments, blank lines and
/// order survive every change made here. A change replaces the file, so that a running server always reads a whole one,
/// and concurrent changes are all kept ([KeyListFile]).
///
/// Thread-safe. Lookups take no lock and do not block; everything that accesses the file blocks on the disk.
public final class AuthorizedKeys implements ClientDirectory {

    private static final Logger LOG = System.getLogger(AuthorizedKeys.class.getName());

    private final KeyListFile file;
    private volatile LastUses uses = LastUses.NONE;
    private volatile KeySet keys;
    /// The attributes of the file before [#reloadIfChanged] last read it; set when that is done.
    private volatile Look lastLook;
    /// The content that was parsed last; guarded by this, like all below.
    private Optional<KeyListFile.Content> seen;
    /// The error in it; empty if it is in force.
    private String seenTrouble = "";
    /// The error that was reported last, so that each is reported once.
    private String toldTrouble = "";
    /// A change that was written into the file in place, and may not be complete.
    private Optional<List<String>> unsettled = Optional.empty();
    /// When [#refresh] last looked for keys that have expired.
    private Instant expiredUntil = Instant.now();

    private AuthorizedKeys(KeyListFile file, Look look, KeySet keys, Optional<KeyListFile.Content> seen) {
        this.file = file;
        this.lastLook = look;
        this.keys = keys;
        this.seen = seen;
    }

    /// The attributes of a file, as a hint only: two edits within one tick of the file system's clock look the same if
    /// they keep the size and the file.
    ///
    /// @param created null if the file system does not record it
    private record Look(Object fileKey, FileTime created, FileTime changed, long bytes) {
        /// Of a file that is missing or inaccessible.
        private static final Look NONE = new Look(null, null, null, -1);

        static Look at(Path path) {
            try {
                var found = Files.readAttributes(path, BasicFileAttributes.class);
                return new Look(found.fileKey(), knowsCreation(path) ? found.creationTime() : null, found.lastModifiedTime(),
                        found.size());
            } catch (IOException e) {
                return NONE;
            }
        }

        /// Whether the file system records creation times; if not, it returns the time of the last change, for a folder
        /// too.
        private static boolean knowsCreation(Path path) throws IOException {
            var folder = Files.readAttributes(path.toAbsolutePath().getParent(), BasicFileAttributes.class);
            return !folder.creationTime().equals(folder.lastModifiedTime());
        }

        /// Whether the file was created after the other look. Its inode number is no evidence, because file systems reuse
        /// it.
        boolean isOfAnotherFile(Look before) {
            return created != null && before.created != null && !created.equals(before.created);
        }
    }

    /// The outcome of [#reloadIfChanged].
    public sealed interface Reload {

        /// Nothing has changed.
        record Unchanged() implements Reload {
        }

        /// Another key set is in force. A connected client for which [AuthorizedKeys#find] has another result must go.
        record Changed() implements Reload {
        }

        /// The file is missing or invalid; the old key set stays in force. Reported once for each state of the file.
        ///
        /// @param problem one line: the file, the line, what is wrong
        record Kept(String problem) implements Reload {
        }
    }

    /// Reads the file. A missing file counts as empty, so that a server can start before its first client is authorized.
    ///
    /// @throws IOException if it cannot be read, others may write it, or a line is wrong; the message names the line
    public static AuthorizedKeys load(Path path) throws IOException {
        var file = new KeyListFile(path);
        Look look = Look.at(path);
        var content = file.read();
        return new AuthorizedKeys(file, look, parse(file, content), content);
    }

    private static KeySet parse(KeyListFile file, Optional<KeyListFile.Content> content) throws IOException {
        return content.isEmpty() ? KeySet.EMPTY : KeySet.parse(file.path(), content.get().lines());
    }

    /// Every problem of a file, one a line of it; empty if a server would take it up.
    ///
    /// @throws IOException if it cannot be read, or others may write it
    public static List<KeyLineException> check(Path path) throws IOException {
        var content = new KeyListFile(path).read().orElseThrow(() -> new NoSuchFileException(path.toString()));
        var problems = new ArrayList<KeyLineException>();
        KeySet.collect(path, content.lines(), problems::add);
        return problems;
    }

    public Path path() {
        return file.path();
    }

    public Optional<AuthorizedKey> find(PublicKey key) {
        return Optional.ofNullable(keys.byKey().get(key));
    }

    /// The key with this name, ignoring case.
    public Optional<AuthorizedKey> find(String name) {
        return Optional.ofNullable(keys.named(name));
    }

    /// All keys, in the order of the file.
    public List<AuthorizedKey> list() {
        return keys.keys();
    }

    /// Adds a key at the end of the file.
    ///
    /// @return false if the file has exactly this line already
    /// @throws IOException if the name or the key is taken, or the file is invalid or cannot be changed; the message
    ///     names the line
    public synchronized boolean add(AuthorizedKey key) throws IOException {
        boolean[] isThere = {false};
        change(lines -> {
            isThere[0] = key.equals(KeySet.parse(path(), lines).byKey().get(key.key()));
            if (isThere[0]) {
                return lines;
            }
            var longer = new ArrayList<>(lines);
            longer.add(key.encode());
            KeySet.parse(path(), longer);
            return longer;
        });
        return !isThere[0];
    }

    /// Adds a key at the end of the file, in place of the line that it has; `denied` among its options keeps it out.
    ///
    /// @throws IOException if another key has the name, or the file is invalid or cannot be changed; the message names
    ///     the line
    public synchronized void put(AuthorizedKey key) throws IOException {
        change(lines -> {
            var others = new ArrayList<>(lines.stream()
                    .filter(line -> KeySet.isIdle(line) || !AuthorizedKey.parse(line).key().equals(key.key())).toList());
            others.add(key.encode());
            KeySet.parse(path(), others);
            return others;
        });
    }

    /// Removes the key with this name from the file.
    ///
    /// @return the removed key; empty if there is none
    /// @throws IOException if the file is invalid or cannot be changed; the message names the line
    public synchronized Optional<AuthorizedKey> remove(String name) throws IOException {
        var removed = new ArrayList<AuthorizedKey>();
        change(lines -> {
            AuthorizedKey named = KeySet.parse(path(), lines).named(name);
            if (named == null) {
                return lines;
            }
            removed.add(named);
            return lines.stream()
                    .filter(line -> KeySet.isIdle(line) || !AuthorizedKey.parse(line).equals(named))
                    .toList();
        });
        return removed.stream().findFirst();
    }

    private void change(KeyListFile.Edit edit) throws IOException {
        List<String> lines = file.update(edit);
        keys = KeySet.parse(path(), lines);
        var now = file.read();
        boolean isOurs = now.isPresent() && now.get().lines().equals(lines);
        // If the file was changed again in the meantime, the next reload finds lines it has not seen.
        judged(isOurs ? now.get() : new KeyListFile.Content(lines, null), "");
        lastLook = Look.at(path());
    }

    private void judged(KeyListFile.Content content, String trouble) {
        seen = Optional.of(content);
        seenTrouble = trouble;
        toldTrouble = "";
        unsettled = Optional.empty();
    }

    /// Reads the file again. A replaced file takes effect at once. A file written in place takes effect when two calls in
    /// a row find the same content, because an editor may have truncated it and not filled it yet. Reads the whole file
    /// each time: time stamps are too coarse to tell two edits apart.
    public synchronized Reload reloadIfChanged() {
        Look look = Look.at(path());
        try {
            return reload(look);
        } finally {
            lastLook = look;
        }
    }

    private Reload reload(Look look) {
        try {
            var content = file.read();
            if (content.isPresent() && !isSeen(content.get())) {
                return isSettled(content.get(), look) ? takeUp(content.get()) : new Reload.Unchanged();
            }
            if (content.isEmpty() && seen.isPresent()) {
                return kept(path() + ": the file is gone");
            }
            toldTrouble = seenTrouble;
            unsettled = Optional.empty();
            return new Reload.Unchanged();
        } catch (ClosedByInterruptException e) {
            // The server is stopping; the caller handles the interrupt.
            return new Reload.Unchanged();
        } catch (IOException e) {
            return kept(describe(e));
        }
    }

    /// Adds the cause to file system exceptions whose message is only a file name.
    private static String describe(IOException failure) {
        return failure instanceof FileSystemException e && e.getReason() == null
                ? e.getFile() + ": cannot be read (" + e.getClass().getSimpleName() + ")" : failure.getMessage();
    }

    private boolean isSeen(KeyListFile.Content content) {
        return seen.isPresent() && seen.get().lines().equals(content.lines());
    }

    private boolean isSettled(KeyListFile.Content content, Look look) {
        boolean isInPlace = seen.isPresent() && content.fileKey() != null && !lastLook.equals(Look.NONE)
                && content.fileKey().equals(seen.get().fileKey()) && !look.isOfAnotherFile(lastLook);
        if (!isInPlace || unsettled.filter(content.lines()::equals).isPresent()) {
            return true;
        }
        unsettled = Optional.of(content.lines());
        return false;
    }

    private Reload takeUp(KeyListFile.Content content) {
        try {
            KeySet found = KeySet.parse(path(), content.lines());
            judged(content, "");
            boolean isOther = !found.equals(keys);
            logChanges(keys, found);
            keys = found;
            return isOther ? new Reload.Changed() : new Reload.Unchanged();
        } catch (KeyLineException e) {
            judged(content, e.getMessage());
            return kept(e.getMessage());
        }
    }

    /// A line for each key that came, went, or has another name or other options.
    private static void logChanges(KeySet before, KeySet after) {
        before.keys().stream().filter(key -> !after.byKey().containsKey(key.key())).forEach(key -> log("key-revoked", key));
        after.keys().stream().filter(key -> !key.equals(before.byKey().get(key.key())))
                .forEach(key -> log(key.rights().isDenied() ? "key-denied"
                        : before.byKey().containsKey(key.key()) ? "key-changed" : "key-authorized", key));
    }

    private static void log(String event, AuthorizedKey key) {
        LOG.log(Level.INFO, AuditEvent.MESSAGE, new AuditEvent(event).with("name", key.name())
                .with("key", key.key().fingerprint()).with("options", String.join(" ", key.options())));
    }

    private Reload kept(String trouble) {
        if (trouble.equals(toldTrouble)) {
            return new Reload.Unchanged();
        }
        toldTrouble = trouble;
        return new Reload.Kept(trouble);
    }

    @Override
    public boolean admits(PublicKey key) {
        return identify(key).isPresent();
    }

    @Override
    public String refusal(PublicKey key, InetAddress from) {
        Optional<AuthorizedKey> known = find(key);
        if (known.isEmpty()) {
            return "unknown key";
        }
        ClientRights rights = known.get().rights();
        return rights.isDenied() ? "denied key"
                : rights.isExpired(Instant.now()) ? "expired key"
                : rights.admits(from) ? null : "key from an address that its line does not have";
    }

    /// The name and the rights come from the file.
    @Override
    public Optional<ClientIdentity> identify(PublicKey key) {
        return find(key).map(AuthorizedKey::identity)
                .filter(client -> !client.rights().isDenied() && !client.rights().isExpired(Instant.now()));
    }

    /// Records the use.
    @Override
    public Optional<ClientIdentity> welcome(PublicKey key, String claimedName, InetAddress from) {
        Optional<ClientIdentity> client = identify(key);
        if (client.isPresent()) {
            uses.used(key);
        }
        return client;
    }

    /// From now on, uses of keys are recorded there.
    public void recordUses(LastUses record) {
        uses = record;
    }

    @Override
    public synchronized String problem(Path path) {
        try {
            if (!Files.isSameFile(path, path())) {
                return "the running server uses " + path();
            }
        } catch (IOException e) {
            return e.toString();
        }
        return unsettled.isPresent() ? path() + ": something is writing it" : toldTrouble;
    }

    @Override
    public Optional<PublicKey> keyOf(String name) {
        return find(name).map(AuthorizedKey::key);
    }

    @Override
    public boolean mayHaveChanged() {
        return !Look.at(path()).equals(lastLook);
    }

    /// Does [#reloadIfChanged] and logs the outcome. A key that has expired since the last call counts as a change.
    @Override
    public boolean refresh() {
        uses.saveIfDue(System.nanoTime());
        return logReload() | hasExpired(Instant.now());
    }

    private synchronized boolean hasExpired(Instant now) {
        Instant before = expiredUntil;
        expiredUntil = now;
        List<AuthorizedKey> expired = keys.keys().stream()
                .filter(key -> key.rights().isExpired(now) && !key.rights().isExpired(before)).toList();
        expired.forEach(key -> log("key-expired", key));
        return !expired.isEmpty();
    }

    private boolean logReload() {
        return switch (reloadIfChanged()) {
            case Reload.Unchanged() -> false;
            case Reload.Changed() -> {
                LOG.log(Level.INFO, "{0}: taken up, {1} keys", path(), keys.keys().size());
                yield true;
            }
            case Reload.Kept(String problem) -> {
                LOG.log(Level.WARNING, "{0}; the keys that were in force stay", problem);
                yield false;
            }
        };
    }
}
