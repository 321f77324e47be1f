package dev.cipherlink.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.fuzz.FuzzTarget;
import dev.cipherlink.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.stream.LongStream;

/// The last file of the log of commits, and the batch in each record: commits in order and without gaps, damage, or `IOException`.
public final class CommitLogFuzz implements FuzzTarget {
    private final Path folder;
    private final Path file;

    public CommitLogFuzz() throws IOException {
        folder = Files.createTempDirectory("commit-log");
        file = folder.resolve("%020d.log".formatted(1));
        folder.toFile().deleteOnExit();
    }

    @Override
    public byte[][] seeds() {
        try {
            return new byte[][] {written(1), written(4), new byte[0], new byte[40]};
        } catch (IOException | StoreException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] written(int commits) throws IOException, StoreException {
        try (var log = new CommitLog(folder, 0)) {
            for (long commit = 1; commit <= commits; commit++) {
                log.append(commit, CommitLogTest.changes(commit));
            }
        }
        byte[] content = Files.readAllBytes(CommitLogReader.files(folder).getFirst());
        for (Path each : CommitLogReader.files(folder)) {
            Files.delete(each);
        }
        return content;
    }

    /// Each writes a file.
    @Override
    public int rounds() {
        return 500;
    }

    @Override
    public boolean accepts(byte[] input) throws IOException, StoreException {
        boolean isBatch = acceptsBatch(input);
        Files.write(file, input);
        try {
            var numbers = new ArrayList<Long>();
            CommitLogReader.Found found = CommitLogReader.read(folder, 0, (number, batch) -> {
                numbers.add(number);
                acceptsBatch(batch);
            });
            assertEquals(LongStream.rangeClosed(1, found.commit()).boxed().toList(), numbers);
            return found.damage() == null | isBatch;
        } catch (IOException e) {
            return isBatch;
        } finally {
            Files.delete(file);
        }
    }

    private static boolean acceptsBatch(byte[] batch) {
        try {
            BatchBuffer.read(batch, (_, _, _) -> { });
            return true;
        } catch (IOException _) {
            return false;
        }
    }
}
