package dev.cipherlink.cli;

import dev.cipherlink.crypto.TrustedPath;
import dev.cipherlink.server.SessionRecords;
import dev.cipherlink.store.DamagedStoreException;
import dev.cipherlink.store.Durability;
import dev.cipherlink.store.RocksConfig;
import dev.cipherlink.store.RocksStore;
import dev.cipherlink.store.StoreCopy;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// `store`: a server's store on disk, on the machine where it is.
final class StoreCommand extends ProgramCommand {

    @Override
    void describe(Syntax syntax) {
        syntax.about("Look after a server's store: check it, measure it, copy it, put a copy back.");
        syntax.examples("  cipherlink store check", "  cipherlink store backup /var/backups/cipherlink-monday");
        syntax.subcommand("check", new Check());
        syntax.subcommand("stats", new Stats());
        syntax.subcommand("backup", new Backup());
        syntax.subcommand("restore", new Restore());
    }

    @Override
    ExitStatus run() {
        throw CliException.usage("store: check, stats, backup or restore?").withHint("cipherlink store --help");
    }

    /// What all of them have.
    abstract static class Part extends ProgramCommand {
        private String data;

        @Override
        void describe(Syntax syntax) {
            syntax.option("--data", "DIR", given -> data = given,
                    "Folder of the server's data. Default: the setting server.data.");
        }

        final Path folder() {
            return OpenStore.folder(readSettings()
                    .with(new OptionLayer().put(Setting.SERVER_DATA, "--data", data).layer(surroundings().folder()))
                    .requireValid());
        }

        final RocksStore open(Path folder, boolean acceptsLoss) {
            if (!Files.isDirectory(folder)) {
                throw CliException.usage("no store in " + TerminalText.escapeLine(folder.toString()));
            }
            var config = RocksConfig.of(StoreLimits.ofDisk(StoreLimits.DEFAULT_MAX_VALUE_BYTES), Durability.ALWAYS);
            return OpenStore.open(folder, acceptsLoss ? config.acceptingLoss() : config);
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
        void describe(Syntax syntax) {
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
        ExitStatus run() {
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
        void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Show the store's figures, of a server that runs or of one that does not.");
            syntax.examples("  cipherlink store stats", "  cipherlink store stats --json | jq .keys");
        }

        @Override
        ExitStatus run() throws StoreException {
            Path folder = folder();
            Optional<String> asked = StoreDoor.askStats(folder);
            String lines;
            if (asked.isPresent()) {
                lines = asked.get();
            } else {
                try (RocksStore store = open(folder, false)) {
                    lines = StoreDoor.lines(store);
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

    /// `store backup`.
    static final class Backup extends Part {
        private Path target;

        @Override
        void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Copy the store into a new folder, also while a server uses it.",
                    "The copy is of one moment, and holds everything that was answered before. On the same file system most of it is linked, "
                        + "not copied: move a backup to another disk.");
            syntax.examples("  cipherlink store backup /var/backups/cipherlink-monday");
            syntax.file("DIR", given -> target = given, "Must not exist, or be empty.");
        }

        @Override
        ExitStatus run() {
            Path folder = folder();
            Path resolved = surroundings().folder().resolve(target);
            if (StoreDoor.askBackup(folder, resolved).isEmpty()) {
                try (RocksStore store = open(folder, false)) {
                    store.backUp(TrustedPath.resolve(resolved));
                } catch (IOException e) {
                    throw CliException.usage("cannot back up: " + FailureText.withFile(e)).withCause(e);
                }
            }
            report("backed up to " + TerminalText.escapeLine(resolved.toString()));
            return ExitStatus.DONE;
        }
    }

    /// `store restore`.
    static final class Restore extends Part {
        private Path backup;

        @Override
        void describe(Syntax syntax) {
            super.describe(syntax);
            syntax.about("Put a backup in place, where a server has no store yet.");
            syntax.examples("  cipherlink store restore /var/backups/cipherlink-monday --data /srv/cipherlink");
            syntax.file("DIR", given -> backup = given, "What `cipherlink store backup` made.");
        }

        @Override
        ExitStatus run() {
            Path folder = folder();
            try {
                TrustedPath.createFolders(folder.getParent());
                StoreCopy.restore(TrustedPath.resolve(surroundings().folder().resolve(backup)), folder);
            } catch (IOException e) {
                throw CliException.usage("cannot restore: " + FailureText.withFile(e)).withCause(e);
            }
            report("restored to " + TerminalText.escapeLine(folder.toString()));
            return ExitStatus.DONE;
        }
    }
}
