package dev.cipherlink.cli.store;

import dev.cipherlink.cli.base.ProgramCommand;
import dev.cipherlink.cli.base.Syntax;
import dev.cipherlink.console.ProcessEnvironment.Closing;
import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.server.sessions.SessionRecords;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.KeyValueStore.Durability;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreException.DamagedStoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.disk.RocksConfig;
import dev.cipherlink.store.disk.RocksStore;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// `store`: a server's store on disk, on the machine where it is.
public final class StoreCommand extends ProgramCommand {

    @Override
    public void describe(Syntax syntax) {
        syntax.about("Look after a server's store: check it, measure it, copy it, put a copy back.");
        syntax.examples("  cipherlink store check", "  cipherlink store backup /var/backups/cipherlink-monday",
                "  cipherlink store backup - | ssh backup.example 'cat > monday.tar'");
        syntax.subcommand("check", new Check());
        syntax.subcommand("stats", new Stats());
        syntax.subcommand("backup", new CopyCommands.Backup());
        syntax.subcommand("restore", new CopyCommands.Restore());
        syntax.subcommand("export", new CopyCommands.Export());
        syntax.subcommand("import", new CopyCommands.Import());
    }

    @Override
    public ExitStatus run() {
        throw CliException.usage("store: check, stats, backup, restore, export or import?").withHint("cipherlink store --help");
    }

    /// The option and the folder that all of them have.
    abstract static class Part extends ProgramCommand {
        private String data;

        @Override
        public void describe(Syntax syntax) {
            syntax.option("--data", "DIR", given -> data = given,
                    "Folder of the server's data. Default: the setting server.data.");
        }

        final Settings settings() {
            return readSettings()
                    .with(new OptionLayer().put(Setting.SERVER_DATA, "--data", data).layer(surroundings().folder()))
                    .requireValid();
        }

        final Path folder() {
            return OpenStore.folder(settings());
        }

        final RocksStore open(Path folder, boolean acceptsLoss) {
            requireStore(folder);
            var config = RocksConfig.of(StoreLimits.ofDisk(StoreLimits.DEFAULT_MAX_VALUE_BYTES), Durability.ALWAYS);
            return OpenStore.open(folder, acceptsLoss ? config.acceptingLoss() : config);
        }

        static void requireStore(Path folder) {
            if (!Files.isDirectory(folder)) {
                throw CliException.usage("no store in " + TerminalText.escapeLine(folder.toString()));
            }
        }

        final void report(String text) {
            output().line(output().isJson() ? Json.object(Map.of("ok", true)) : text);
        }
    }

    /// `store check`.
    static final class Check extends Part {
        private boolean acceptLoss;
        private boolean forgetSessions;

        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Read the whole store and compare what it says; no server may be using it.",
                    "Prints what is wrong, one line each, and ends with status 1 if there is anything.");
            syntax.examples("  cipherlink store check", "  cipherlink store check --data /srv/cipherlink");
            syntax.flag("--accept-loss", given -> acceptLoss = given,
                    "Open a store that lacks what it acknowledged, and let servers use it from "
                        + "now on. What is lost stays lost.");
            syntax.flag("--forget-sessions", given -> forgetSessions = given,
                    "First forget the sessions that wait for their clients, which then have to begin new ones: for a store "
                        + "whose sessions keep a server from starting.");
        }

        @Override
        public ExitStatus run() {
            List<String> problems;
            int forgotten = 0;
            try (RocksStore store = open(folder(), acceptLoss)) {
                if (forgetSessions) {
                    forgotten = SessionRecords.forgetAll(store);
                }
                problems = store.check();
            } catch (StoreException e) {
                problems = List.of("the sessions cannot be forgotten: " + e.getMessage());
            } catch (IOException e) {
                problems = List.of(FailureText.withFile(e));
            } catch (CliException e) {
                if (!(e.getCause() instanceof DamagedStoreException damage)) {
                    throw e;
                }
                problems = List.of(FailureText.withFile(damage));
            }
            problems.forEach(problem -> output().line(output().isJson()
                    ? Json.object(Map.of("ok", false, "problem", problem)) : problem));
            if (problems.isEmpty()) {
                report("the store is good" + (forgetSessions ? "; sessions forgotten: " + forgotten : ""));
            }
            return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.DAMAGED;
        }
    }

    /// `store stats`.
    static final class Stats extends Part {
        @Override
        public void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Show the store's figures, of a server that runs or of one that does not.");
            syntax.examples("  cipherlink store stats", "  cipherlink store stats --json | jq .keys");
        }

        @Override
        public ExitStatus run() throws StoreException {
            Path folder = folder();
            Optional<String> asked = AdminSocket.askStats(folder);
            String lines;
            if (asked.isPresent()) {
                lines = asked.get();
            } else {
                try (RocksStore store = open(folder, false)) {
                    lines = AdminSocket.lines(store);
                }
            }
            if (output().isJson()) {
                Map<String, Object> members = new LinkedHashMap<>(Map.of("ok", true));
                lines.lines().forEach(line -> members.put(line.substring(0, line.indexOf(": ")),
                        number(line.substring(line.indexOf(": ") + 2))));
                output().line(Json.object(members));
            } else {
                output().bytes(lines.getBytes(java.nio.charset.StandardCharsets.UTF_8), lines.length());
            }
            return ExitStatus.DONE;
        }

        private static Object number(String text) {
            return text.matches("-?\\d{1,18}") ? (Object) Long.valueOf(text) : text;
        }
    }

    /// The store of `serve`, and the socket through which `store` on the same machine asks for a copy.
    ///
    /// @param admin null for a store in memory, and where no socket can be made
    public record OpenStore(KeyValueStore store, AdminSocket admin) implements Closing {
        private static final String FOLDER = "store";

        /// @throws CliException if it cannot be used
        public static OpenStore open(Settings settings) {
            int maxValueBytes = (int) settings.size(Setting.STORE_MAX_VALUE_SIZE);
            if (settings.word(Setting.STORE_ENGINE).equals("memory")) {
                return new OpenStore(new MemoryStore(new StoreLimits(maxValueBytes, StoreLimits.ofHeap().maxBytes())), null);
            }
            var durability = Durability.valueOf(settings.word(Setting.STORE_DURABILITY).toUpperCase(Locale.ROOT));
            Path folder = folder(settings);
            RocksStore store = open(folder, RocksConfig.of(StoreLimits.ofDisk(maxValueBytes), durability));
            return new OpenStore(store, AdminSocket.open(folder, store));
        }

        public static RocksStore open(Path folder, RocksConfig config) {
            try {
                TrustedPath.createFolders(folder.getParent());
                return RocksStore.open(folder, config);
            } catch (IOException e) {
                throw failure(e);
            }
        }

        static CliException failure(IOException e) {
            return CliException.usage("cannot use the store: " + FailureText.withFile(e)).withCause(e);
        }

        /// Below the folder of the server's data.
        ///
        /// @return without links; it need not exist
        /// @throws CliException if another user could change files in one of the two
        static Path folder(Settings settings) {
            Path data = settings.file(Setting.SERVER_DATA).orElseThrow(() ->
                    CliException.usage("no data folder: there is no home folder to have one in; give --data DIR"));
            try {
                return TrustedPath.resolve(TrustedPath.resolve(data).resolve(FOLDER));
            } catch (IOException e) {
                throw failure(e);
            }
        }

        /// Sets what the server does when a command on this machine has changed its authorized keys.
        ///
        /// @param takeUp takes up the keys of a file; returns why they are not in force, or an empty text
        public void onKeys(Function<Path, String> takeUp) {
            if (admin != null) {
                admin.onKeys(takeUp);
            }
        }

        /// Has the running server take up its authorized keys, if one has the store of the settings open. Blocks for a few seconds
        /// at most.
        ///
        /// @return why what the file says is not in force, or an empty text; empty if no server answers
        public static Optional<String> takeUpKeys(Settings settings, Path file) {
            try {
                return settings.file(Setting.SERVER_DATA).isEmpty() ? Optional.empty() : AdminSocket.askKeys(folder(settings), file);
            } catch (CliException e) {
                return Optional.of(e.getMessage());
            }
        }

        /// Looks, without opening the store, whether it could be opened.
        public static void check(Settings settings) {
            if (settings.word(Setting.STORE_ENGINE).equals("memory")) {
                return;
            }
            Path folder = folder(settings);
            for (Path each = folder.toAbsolutePath(); each != null; each = each.getParent()) {
                if (Files.exists(each)) {
                    if (!Files.isDirectory(each) || !Files.isWritable(each)) {
                        throw CliException.usage("cannot use the store: " + TerminalText.escapeLine(each.toString())
                                + " is no folder that can be written");
                    }
                    return;
                }
            }
        }

        @Override
        public void close() {
            if (admin != null) {
                admin.close();
            }
            store.close();
        }
    }
}
