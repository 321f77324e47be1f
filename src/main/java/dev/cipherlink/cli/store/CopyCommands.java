package dev.cipherlink.cli.store;

import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.connect.HostKeys;
import dev.cipherlink.console.ProcessEnvironment.Terminals;
import dev.cipherlink.console.ProgressBar;
import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import dev.cipherlink.store.disk.StoreCopy;
import dev.cipherlink.store.disk.WorkFolder;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// `store backup`, `restore`, `export` and `import`.
///
/// What goes to stdout is read from a copy beside the store, of one moment. It is made of links, so that it takes hardly any
/// time and disk, and the server goes on.
final class CopyCommands {
    private static final Path STREAM = Path.of("-");
    private static final int BUFFER_BYTES = 1 << 20;

    private CopyCommands() {
    }

    /// What all of them have.
    abstract static class Copying extends StoreCommand.Part {

        /// Copies the store into a new folder: the server that has it open does, or else this process.
        final void copy(Path folder, Path target) throws IOException {
            if (AdminSocket.askBackup(folder, target).isEmpty()) {
                try (RocksStore store = open(folder, false)) {
                    store.backUp(target);
                }
            }
        }

        static WorkFolder snapshot(Path folder) throws IOException {
            requireStore(folder);
            return WorkFolder.open(folder.resolveSibling(folder.getFileName() + ".copy"));
        }

        final void refuseTerminal(boolean isTerminal, String hint) {
            if (isTerminal) {
                throw CliException.usage("store " + spec().name() + ": this is no text for a terminal").withHint(hint);
            }
        }

        static CliException failure(String verb, IOException e) {
            return CliException.usage("cannot " + verb + ": " + FailureText.withFile(e)).withCause(e);
        }

        static CliException failure(String verb, StoreException e) {
            return CliException.usage("cannot " + verb + ": " + e.getMessage()).withCause(e);
        }
    }

    /// `store backup`.
    static final class Backup extends Copying {
        private Path target;

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Copy the store into a new folder or to stdout, also while a server uses it.",
                    "The copy is of one moment, and holds everything that was answered before. In a folder on the same file system most of it "
                        + "is linked, not copied: move a backup to another disk. To stdout it is a tar archive.",
                    "The server's own key and the authorized keys are not in it; the command names their files.");
            syntax.examples("  cipherlink store backup /var/backups/cipherlink-monday",
                    "  cipherlink store backup - | zstd > monday.tar.zst");
            syntax.file("DIR", given -> target = given, "Must not exist, or be empty; - for stdout.");
        }

        @Override
        public ExitStatus run() {
            Settings settings = settings();
            Path folder = StoreCommand.OpenStore.folder(settings);
            List<String> leftOut = leftOut(settings);
            try {
                if (target.equals(STREAM)) {
                    refuseTerminal(output().isStdoutTerminal(), "cipherlink store backup - > backup.tar");
                    stream(folder);
                } else {
                    Path resolved = TrustedPath.resolve(surroundings().folder().resolve(target));
                    copy(folder, resolved);
                    output().done("backed up to " + TerminalText.escapeLine(resolved.toString()), Map.of("left_out", leftOut));
                }
            } catch (IOException e) {
                throw failure("back up", e);
            }
            leftOut.forEach(file -> output().notice("cipherlink: not in the backup: " + file));
            return ExitStatus.DONE;
        }

        private void stream(Path folder) throws IOException {
            try (WorkFolder snapshot = snapshot(folder)) {
                copy(folder, snapshot.path());
                var bar = new ProgressBar(output(), "MiB", BackupStream.bytes(snapshot.path()), System.nanoTime());
                BackupStream.write(snapshot.path(), output()::bytes, bytes -> bar.update(bytes, bytes >> 20, System.nanoTime()));
                bar.clear();
                output().flush();
            }
        }

        /// The files of a server that are not in its store, as far as they are there.
        private static List<String> leftOut(Settings settings) {
            return Stream.concat(Stream.of(Setting.SERVER_IDENTITY, Setting.SERVER_AUTHORIZED_KEYS, Setting.SERVER_SHARED_KEY)
                            .flatMap(setting -> settings.file(setting).stream()),
                    settings.file(Setting.SERVER_DATA).map(HostKeys::enrolledFile).stream())
                    .filter(Files::exists).map(file -> TerminalText.escapeLine(file.toString())).toList();
        }
    }

    /// `store restore`.
    static final class Restore extends Copying {
        private Path backup;

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Put a backup in place, where a server has no store yet.",
                    "All of it is read and compared before it gets its name, so there is a whole store afterwards, or none.");
            syntax.examples("  cipherlink store restore /var/backups/cipherlink-monday --data /srv/cipherlink",
                    "  zstd -d < monday.tar.zst | cipherlink store restore -");
            syntax.file("DIR", given -> backup = given, "What `cipherlink store backup` made; - for stdin.");
        }

        @Override
        public ExitStatus run() {
            Path folder = folder();
            try {
                TrustedPath.createFolders(folder.getParent());
                if (backup.equals(STREAM)) {
                    refuseTerminal(surroundings().terminals().stdin(), "cipherlink store restore - < backup.tar");
                    var bar = new ProgressBar(output(), "MiB", Terminals.stdinFileBytes(), System.nanoTime());
                    StoreCopy.putInPlace(folder, made -> BackupStream.read(buffered(surroundings().stdin()), made,
                            bytes -> bar.update(bytes, bytes >> 20, System.nanoTime())));
                    bar.clear();
                } else {
                    StoreCopy.restore(TrustedPath.resolve(surroundings().folder().resolve(backup)), folder);
                }
            } catch (IOException e) {
                throw failure("restore", e);
            }
            report("restored to " + TerminalText.escapeLine(folder.toString()));
            return ExitStatus.DONE;
        }
    }

    /// `store export`.
    static final class Export extends Copying {
        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Print all keys with their values as lines of JSON, also while a server uses the store.",
                    "They are of one moment. Each line has key, version, expires if it does, and value_b64; the last line has "
                        + "end. The chat and the sessions of clients are not in it.");
            syntax.examples("  cipherlink store export > keys.json",
                    "  cipherlink store export | jq -r 'select(.key == \"x\").value_b64 | @base64d'");
        }

        @Override
        public ExitStatus run() {
            Path folder = folder();
            try (WorkFolder snapshot = snapshot(folder)) {
                copy(folder, snapshot.path());
                try (RocksStore store = StoreCopy.open(snapshot.path())) {
                    var bar = new ProgressBar(output(), "keys", store.size(), System.nanoTime());
                    KeyLines.write(store, output(), keys -> bar.update(keys, keys, System.nanoTime()));
                    bar.clear();
                }
                output().flush();
            } catch (IOException e) {
                throw failure("export", e);
            } catch (StoreException e) {
                throw failure("export", e);
            }
            return ExitStatus.DONE;
        }
    }

    /// `store import`.
    static final class Import extends Copying {
        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Make a store of what `cipherlink store export` printed, where a server has none yet.",
                    "Reads stdin. Keys keep their expiry, and get new versions; those that have expired are left out.");
            syntax.examples("  cipherlink store import --data /srv/cipherlink < keys.json");
        }

        @Override
        public ExitStatus run() {
            refuseTerminal(surroundings().terminals().stdin(), "cipherlink store import < keys.json");
            Path folder = folder();
            long[] keys = new long[1];
            try {
                TrustedPath.createFolders(folder.getParent());
                var bar = new ProgressBar(output(), "keys", -1, System.nanoTime());
                StoreCopy.putInPlace(folder, made -> {
                    // Closing the store waits for the disk, once for all.
                    var config = RocksConfig.of(StoreLimits.ofDisk(Integer.MAX_VALUE), Durability.OS);
                    try (RocksStore store = RocksStore.open(made, config)) {
                        keys[0] = KeyLines.read(buffered(surroundings().stdin()), store,
                                lines -> bar.update(lines, lines, System.nanoTime()));
                    } catch (StoreException e) {
                        throw new IOException(e.getMessage(), e);
                    }
                });
                bar.clear();
            } catch (IOException e) {
                throw failure("import", e);
            }
            output().done("imported to " + TerminalText.escapeLine(folder.toString()) + ", keys: " + keys[0],
                    Json.members("keys", keys[0]));
            return ExitStatus.DONE;
        }
    }

    private static InputStream buffered(InputStream stdin) {
        return new BufferedInputStream(stdin, BUFFER_BYTES);
    }
}
