package dev.cipherlink.cli.base;

import dev.cipherlink.console.Output;
import java.util.List;

/// Options of every command, before or after its name.
public final class CommonOptions {

    private String configFile;
    private boolean quiet;
    private boolean[] verbose = {};
    private boolean json;
    private boolean noColor;

    void describe(Syntax syntax) {
        syntax.group(Syntax.COMMON);
        syntax.help("-h --help", "Show this help and exit.");
        syntax.option("--config", "FILE", given -> configFile = given,
                "Read this configuration file instead of ./cipherlink.yaml.");
        syntax.flag("-q --quiet", given -> quiet = given, "Only errors on stderr.");
        syntax.repeatedFlag("-v --verbose", given -> verbose = given,
                "Tell on stderr which files are read, which server is met and what is agreed; -vv: everything, with stack traces.");
        syntax.flag("--json", given -> json = given, "One JSON object per answer on stdout, errors as JSON on stderr.");
        syntax.flag("--no-color", given -> noColor = given, "No colours (so does the variable NO_COLOR).");
        syntax.group(Syntax.OWN);
    }

    /// Adds the options that were given in front of a command's name to those behind it, which are stronger.
    ///
    /// @param chain the options of the command, of the command that it belongs to, and so on
    public static Output.Options together(List<CommonOptions> chain) {
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
        return new Output.Options(given > 0 ? given : quiet ? -1 : 0, json, noColor, configFile);
    }
}
