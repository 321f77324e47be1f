package dev.cipherlink.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Reads what a [CommitLog] wrote, up to the first record that is not whole.
///
/// A file may end torn, with what SIGKILL or a power cut left of a commit that nobody was told of: then the log goes on in the
/// next file, which the following process began with that commit. If a record behind it says that the disk had that commit,
/// or the next file begins with a later one, it is damage.
final class CommitLogReader {
    private static final String NAME = "0\\d{19}\\.log";

    /// What is done with the commits.
    interface Visitor {
        /// @param changes a batch of RocksDB
        void commit(long number, byte[] changes) throws StoreException;
    }

    /// How far the log goes.
    ///
    /// @param commit the last one that is whole, and all between `after` and it; `after` if there is none
    /// @param damage what is wrong behind it, or null
    record Found(long commit, String damage) {
    }

    private final Visitor visitor;
    private long last;
    private String damage;

    private CommitLogReader(long after, Visitor visitor) {
        this.last = after;
        this.visitor = visitor;
    }

    /// Passes on the commits behind `after`, in order.
    ///
    /// @param folder need not exist
    /// @throws IOException if it cannot be read, or another version wrote it
    static Found read(Path folder, long after, Visitor visitor) throws IOException, StoreException {
        var reader = new CommitLogReader(after, visitor);
        List<Path> files = files(folder);
        for (int i = 0; i < files.size() && reader.damage == null; i++) {
            reader.read(files.get(i), i == files.size() - 1 ? null : files.get(i + 1));
        }
        return new Found(reader.last, reader.damage);
    }

    /// The files of a log, oldest first.
    static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().matches(NAME)).sorted().toList();
        } catch (NoSuchFileException _) {
            return List.of();
        }
    }

    private void read(Path path, Path next) throws IOException, StoreException {
        try (var file = new CommitLogFile(path)) {
            CommitLogFile.Header header = file.header();
            boolean isLost = CommitLogFile.first(path) > last + 1;
            if (!isLost && header == CommitLogFile.Header.GOOD) {
                readRecords(file);
            }
            if (isLost || (next == null ? isDamaged(file, header) : CommitLogFile.first(next) > last + 1)) {
                damage = path.getFileName() + ": commit " + (last + 1) + " cannot be read";
            }
        }
    }

    private void readRecords(CommitLogFile file) throws IOException, StoreException {
        for (CommitLogFile.Item item = file.next(last); item != null; item = file.next(last)) {
            if (item.commit() > last) {
                visitor.commit(item.commit(), item.changes());
                last = item.commit();
            }
        }
    }

    /// Whether the last file lacks what the disk had.
    private boolean isDamaged(CommitLogFile file, CommitLogFile.Header header) throws IOException {
        return switch (header) {
            case GOOD -> file.isBehind(last);
            case EMPTY -> false;
            case BAD -> true;
        };
    }
}
