package dev.cipherlink.cli;

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
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `store`: a server's store on disk, on the machine where it is.
@Command(name = "store", description = {"Look after a server's store: check it, measure it, copy it, put a copy back."},
        subcommands = {StoreCommand.Check.class, StoreCommand.Stats.class, StoreCommand.Backup.class, StoreCommand.Restore.class},
        synopsisSubcommandLabel = "COMMAND",
        footer = {"  cipherlink store check", "  cipherlink store backup /var/backups/cipherlink-monday"})
final class StoreCommand extends ProgramCommand {

    @Override
    ExitStatus run() {
        throw CliException.usage("store: check, stats, backup or restore?").withHint("cipherlink store --help");
    }

    /// What all of them have.
    abstract static class Part extends ProgramCommand {
        @Option(names = "--data", paramLabel = "DIR", description = "Folder of the server's data. Default: the setting server.data.")
        String data;

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
    @Command(name = "check", description = {"Read the whole store and compare what it says; no server may be using it.",
        "Prints what is wrong, one line each, and ends with status 1 if there is anything."},
            footer = {"  cipherlink store check", "  cipherlink store check --data /srv/cipherlink"})
    static final class Check extends Part {
        @Option(names = "--accept-loss", description = "Open a store that lacks what it acknowledged, and let servers use it from "
                + "now on. What is lost stays lost.")
        boolean acceptLoss;

        @Override
        ExitStatus run() {
            List<String> problems;
            try (RocksStore store = open(folder(), acceptLoss)) {
                problems = store.check();
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
                report("the store is good");
            }
            return problems.isEmpty() ? ExitStatus.DONE : ExitStatus.REFUSED;
        }
    }

    /// `store stats`.
    @Command(name = "stats", description = "Show the store's figures, of a server that runs or of one that does not.",
            footer = {"  cipherlink store stats", "  cipherlink store stats --json | jq .keys"})
    static final class Stats extends Part {
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
    @Command(name = "backup", description = {"Copy the store into a new folder, also while a server uses it.",
        "The copy is of one moment, and holds everything that was answered before. On the same file system most of it is linked, "
                + "not copied: move a backup to another disk."},
            footer = "  cipherlink store backup /var/backups/cipherlink-monday")
    static final class Backup extends Part {
        @Parameters(paramLabel = "DIR", description = "Must not exist, or be empty.")
        Path target;

        @Override
        ExitStatus run() {
            Path folder = folder();
            Path resolved = surroundings().folder().resolve(target);
            if (StoreDoor.askBackup(folder, resolved).isEmpty()) {
                try (RocksStore store = open(folder, false)) {
                    store.backUp(resolved);
                } catch (IOException e) {
                    throw CliException.usage("cannot back up: " + FailureText.withFile(e)).withCause(e);
                }
            }
            report("backed up to " + TerminalText.escapeLine(resolved.toString()));
            return ExitStatus.DONE;
        }
    }

    /// `store restore`.
    @Command(name = "restore", description = "Put a backup in place, where a server has no store yet.",
            footer = "  cipherlink store restore /var/backups/cipherlink-monday --data /srv/cipherlink")
    static final class Restore extends Part {
        @Parameters(paramLabel = "DIR", description = "What `cipherlink store backup` made.")
        Path backup;

        @Override
        ExitStatus run() {
            Path folder = folder();
            try {
                StoreCopy.restore(surroundings().folder().resolve(backup), folder);
            } catch (IOException e) {
                throw CliException.usage("cannot restore: " + FailureText.withFile(e)).withCause(e);
            }
            report("restored to " + TerminalText.escapeLine(folder.toString()));
            return ExitStatus.DONE;
        }
    }
}
