package dev.cipherlink.cli;

import java.util.List;
import picocli.CommandLine.Option;

/// Options of every command, before or after its name.
final class CommonOptions {

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help and exit.")
    boolean help;

    @Option(names = "--config", paramLabel = "FILE",
            description = "Read this configuration file instead of ./cipherlink.yaml.")
    String configFile;

    @Option(names = {"-q", "--quiet"}, description = "Only errors on stderr.")
    boolean quiet;

    @Option(names = {"-v", "--verbose"}, description = "More messages on stderr; -vv: all, with stack traces.")
    boolean[] verbose = {};

    @Option(names = "--json", description = "One JSON object per answer on stdout, errors as JSON on stderr.")
    boolean json;

    @Option(names = "--no-color", description = "No colours (so does the variable NO_COLOR).")
    boolean noColor;

    /// What was given before and after the command's name, together.
    ///
    /// @param verbosity -1 quiet, 0 normal, 1 for `-v`, 2 for `-vv`
    /// @param configFile the file of `--config`, or null
    record Effective(int verbosity, boolean json, boolean noColor, String configFile) {
        boolean quiet() {
            return verbosity < 0;
        }

        /// Whether stack traces are wanted.
        boolean isDebug() {
            return verbosity >= 2;
        }
    }

    /// Adds the options that were given in front of a command's name to those behind it, which are stronger.
    ///
    /// @param chain the options of the command, of the command that it belongs to, and so on
    static Effective together(List<CommonOptions> chain) {
        int given = 0;
        boolean quiet = false;
        boolean json = false;
        boolean noColor = false;
        String configFile = null;
        for (CommonOptions options : chain) {
            given += options.verbose.length;
            quiet |= options.quiet;
            json |= options.json;
            noColor |= options.noColor;
            configFile = configFile != null ? configFile : options.configFile;
        }
        return new Effective(given > 0 ? given : quiet ? -1 : 0, json, noColor, configFile);
    }
}
