package dev.cipherlink.server.access;

import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The key that the server will have after its present one, which it announces to its clients (`docs/protocol.md`, section 3).
/// Only its public line is here: the private key may stay elsewhere until it is used.
///
/// Thread-safe. [#current] does not block.
public final class NextHostKey {

    /// No next key, ever.
    public static final NextHostKey NONE = new NextHostKey(Optional.empty());

    private static final Logger LOG = System.getLogger(NextHostKey.class.getName());

    private final Optional<KeyListFile> file;
    private volatile Optional<PublicKey> current = Optional.empty();
    /// The lines that were read last; guarded by this.
    private List<String> seen = List.of();
    /// Why the last look failed; empty if it did not. Guarded by this.
    private String toldTrouble = "";

    private NextHostKey(Optional<KeyListFile> file) {
        this.file = file;
    }

    /// @param path of a file with one public line; it need not exist
    /// @throws IOException if it cannot be read, others may write it, or it has something else
    public static NextHostKey load(Path path) throws IOException {
        var file = new KeyListFile(path);
        var key = new NextHostKey(Optional.of(file));
        key.take(lines(file));
        return key;
    }

    private static List<String> lines(KeyListFile file) throws IOException {
        return file.read().map(KeyListFile.Content::lines).orElse(List.of());
    }

    private void take(List<String> lines) throws IOException {
        List<String> keys = lines.stream().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
        seen = lines;
        try {
            if (keys.size() > 1) {
                throw new IllegalArgumentException("one key can be next, and here are " + keys.size());
            }
            current = keys.stream().findFirst().map(line -> PublicKeyLine.parse(line).key());
        } catch (IllegalArgumentException e) {
            throw new IOException(file.orElseThrow().path() + ": " + e.getMessage(), e);
        }
    }

    /// Reads the file again, and logs what has changed. A file that cannot be used changes nothing, and is logged once.
    public synchronized void refresh() {
        if (file.isEmpty()) {
            return;
        }
        String trouble = "";
        try {
            List<String> lines = lines(file.get());
            if (!lines.equals(seen)) {
                take(lines);
                LOG.log(Level.INFO, "next server key: {0}", current.map(key -> key.fingerprint().toString()).orElse("none"));
            }
        } catch (IOException e) {
            trouble = e.toString();
            if (!trouble.equals(toldTrouble)) {
                LOG.log(Level.WARNING, "the next server key stays as it was: {0}", e.getMessage());
            }
        }
        toldTrouble = trouble;
    }

    public Optional<PublicKey> current() {
        return current;
    }
}
