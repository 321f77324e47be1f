package dev.cipherlink.server.access;

import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.crypto.PublicKey;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// When each key last let a client in, to the second: a file with one line each, `<fingerprint> <moment>`. It is written once
/// a minute at most, and when the server stops, so the last minute of a server that is killed is missing. Thread-safe.
public final class LastUses {

    /// Keeps nothing.
    static final LastUses NONE = new LastUses(Optional.empty());

    private static final Logger LOG = System.getLogger(LastUses.class.getName());
    private static final long SAVE_NANOS = Duration.ofMinutes(1).toNanos();
    /// More than there can be keys with names.
    private static final int MAX_KEYS = 20_000;

    private final Optional<KeyListFile> file;
    /// By fingerprint, the latest at the end; guarded by this.
    private final Map<String, Instant> uses = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
            return size() > MAX_KEYS;
        }
    };
    private boolean isChanged;
    private volatile boolean hasFailed;
    private volatile long savedAt = System.nanoTime() - SAVE_NANOS;

    private LastUses(Optional<KeyListFile> file) {
        this.file = file;
    }

    /// @param path need not exist; lines that are wrong are passed over, since no decision rests on them
    /// @throws IOException if it cannot be read, or others may write it
    public static LastUses load(Path path) throws IOException {
        var uses = new LastUses(Optional.of(new KeyListFile(path)));
        for (String line : uses.file.get().read().map(KeyListFile.Content::lines).orElse(List.of())) {
            int space = line.indexOf(' ');
            try {
                uses.uses.put(line.substring(0, Math.max(0, space)), Instant.parse(line.substring(space + 1)));
            } catch (DateTimeParseException e) {
                LOG.log(Level.DEBUG, "{0}: a line that is no use of a key", path);
            }
        }
        return uses;
    }

    void used(PublicKey key) {
        if (file.isPresent()) {
            String fingerprint = key.fingerprint().toString();
            Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
            synchronized (this) {
                isChanged |= !now.equals(uses.put(fingerprint, now));
            }
        }
    }

    /// @return empty if it was never used, or before uses were recorded
    public synchronized Optional<Instant> of(PublicKey key) {
        return Optional.ofNullable(uses.get(key.fingerprint().toString()));
    }

    /// Writes the file if there is news, and the last time was a minute ago. Blocks on the disk.
    void saveIfDue(long nanoTime) {
        if (nanoTime - savedAt >= SAVE_NANOS) {
            save();
        }
    }

    /// Writes the file if there is news. A failure is only logged, the first one as a warning, and tried again with the next
    /// call. Blocks on the disk, but no
    /// client that comes in.
    public void save() {
        List<String> lines;
        synchronized (this) {
            if (!isChanged) {
                return;
            }
            isChanged = false;
            savedAt = System.nanoTime();
            lines = uses.entrySet().stream().map(use -> use.getKey() + " " + use.getValue()).toList();
        }
        try {
            file.orElseThrow().update(_ -> lines);
        } catch (IOException e) {
            synchronized (this) {
                isChanged = true;
            }
            LOG.log(hasFailed ? Level.DEBUG : Level.WARNING, "cannot keep when keys were used: {0}", e.getMessage());
            hasFailed = true;
        }
    }
}
