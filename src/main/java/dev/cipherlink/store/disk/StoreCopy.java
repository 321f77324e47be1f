package dev.cipherlink.store.disk;

import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.log.LastCommit;
import dev.cipherlink.store.log.PrivateFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;

/// Copies of a whole store: made from one that is open, put back where there is none.
public final class StoreCopy {

    private StoreCopy() {
    }

    /// @param commit a commit that is in the database by now
    static void backUp(Database database, long commit, Path target) throws IOException {
        makeEmpty(target);
        database.checkpoint(StoreFolder.database(target));
        try (var lastCommit = new LastCommit(StoreFolder.lastCommit(target), StoreFolder.database(target))) {
            lastCommit.writeWithFreshManifest(commit);
            lastCommit.force();
        }
    }

    /// Copies a backup to where a server will look for its store.
    ///
    /// @param target must not exist, or be empty
    /// @throws IOException as [#putInPlace], or if the backup is none
    public static void restore(Path backup, Path target) throws IOException {
        if (!Files.exists(StoreFolder.lastCommit(backup)) || !Files.isDirectory(StoreFolder.database(backup))) {
            throw new IOException(backup + " is no backup of a store");
        }
        putInPlace(target, made -> {
            copy(StoreFolder.database(backup), StoreFolder.database(made));
            if (Files.isDirectory(StoreFolder.log(backup))) {
                // A backup that was opened as a store, or the folder of one that is closed.
                copy(StoreFolder.log(backup), StoreFolder.log(made));
            }
            copyFile(StoreFolder.lastCommit(backup), StoreFolder.lastCommit(made));
        });
    }

    /// Makes a store.
    public interface Maker {
        /// @param folder empty, and for its user alone
        void makeIn(Path folder) throws IOException;
    }

    /// Makes a store in a folder beside the target, reads and compares all of it, and gives it its name: there is a whole store or
    /// none, also after a crash. Blocks until the disk has it.
    ///
    /// @param target must not exist, or be empty
    /// @throws IOException if there is a store already, or the new one is damaged; the message is one line
    public static void putInPlace(Path target, Maker maker) throws IOException {
        try (var work = WorkFolder.open(target.resolveSibling(target.getFileName() + ".new"))) {
            requireEmpty(target);
            makeEmpty(work.path());
            maker.makeIn(work.path());
            try (RocksStore store = open(work.path())) {
                for (String problem : store.check()) {
                    throw new IOException("it is damaged: " + problem);
                }
            }
            PrivateFiles.force(work.path());
            Files.move(work.path(), target, StandardCopyOption.ATOMIC_MOVE);
            PrivateFiles.force(target.toAbsolutePath().getParent());
        }
    }

    /// @throws IOException if it cannot be used; the message is one line
    public static RocksStore open(Path folder) throws IOException {
        return RocksStore.open(folder, RocksConfig.of(StoreLimits.ofDisk(Integer.MAX_VALUE), Durability.ALWAYS));
    }

    private static void makeEmpty(Path folder) throws IOException {
        requireEmpty(folder);
        if (!Files.exists(folder)) {
            Files.createDirectories(folder.toAbsolutePath().getParent(), PrivateFiles.FOLDER);
            Files.createDirectory(folder, PrivateFiles.FOLDER);
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }

    private static void requireEmpty(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                if (files.findAny().isPresent()) {
                    throw new IOException(folder + " is not empty; give a folder that is, or that does not exist");
                }
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder).toString()), PrivateFiles.FOLDER);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                copyFile(file, to.resolve(from.relativize(file).toString()));
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /// Waits until the disk has it.
    private static void copyFile(Path from, Path to) throws IOException {
        Files.copy(from, to);
        try (var copy = FileChannel.open(to, StandardOpenOption.WRITE)) {
            copy.force(true);
        }
    }
}
