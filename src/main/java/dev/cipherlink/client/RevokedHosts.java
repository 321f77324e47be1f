package dev.cipherlink.client;

import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.KeyListFile;
import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The keys of servers that must not be believed any more: a file with one fingerprint a line, and anything behind it. `#`
/// begins a comment line. A file with any other line is not passed over: nothing is connected to. Each call reads the file.
/// Thread-safe; blocks on the disk.
public final class RevokedHosts {

    private final KeyListFile file;

    /// The file, which need not exist.
    public RevokedHosts(Path path) {
        file = new KeyListFile(path);
    }

    public Path path() {
        return file.path();
    }

    /// @return the number of the line with this key, from 1; 0 if there is none
    /// @throws IOException if the file cannot be read or must not be trusted, or a line is wrong
    public int find(Fingerprint key) throws IOException {
        return find(file.read().map(KeyListFile.Content::lines).orElse(List.of()), key);
    }

    private int find(List<String> lines, Fingerprint key) throws KeyLineException {
        int found = 0;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            try {
                if (!line.isEmpty() && !line.startsWith("#") && Fingerprint.parse(line.split("\\s", 2)[0]).equals(key) && found == 0) {
                    found = i + 1;
                }
            } catch (IllegalArgumentException e) {
                throw new KeyLineException(path(), i + 1, "a line begins with a fingerprint: 8 groups of 4 characters joined by -");
            }
        }
        return found;
    }

    /// @return false if it was there
    /// @throws IOException if the file cannot be changed, or a line is wrong
    public boolean add(Fingerprint key) throws IOException {
        boolean[] isNew = {false};
        file.update(lines -> {
            if (find(lines, key) > 0) {
                return lines;
            }
            isNew[0] = true;
            var longer = new ArrayList<>(lines);
            longer.add(key.toString());
            return longer;
        });
        return isNew[0];
    }
}
