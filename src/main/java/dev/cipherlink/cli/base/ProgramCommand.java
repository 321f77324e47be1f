package dev.cipherlink.cli.base;

import dev.cipherlink.console.Output;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.log.LogConfiguration;
import dev.cipherlink.log.LogConfiguration.LogLevel;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.SettingsLoader;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;

/// The base of every command: common options, settings, and output. `call` runs it on the main thread.
public abstract class ProgramCommand implements Callable<Integer> {

    private final CommonOptions common = new CommonOptions();
    private CommandSpec spec;
    private Output output;

    /// Says what this command is and what it may be called with.
    public abstract void describe(Syntax syntax);

    /// The specification of this command, and of those under it, for picocli.
    public final CommandSpec specify(String name) {
        Syntax syntax = new Syntax(name, this);
        common.describe(syntax);
        describe(syntax);
        spec = syntax.spec();
        return spec;
    }

    public final CommandSpec spec() {
        return spec;
    }

    public final RootCommand root() {
        return (RootCommand) spec.root().userObject();
    }

    public final Output.Options options() {
        List<CommonOptions> chain = new ArrayList<>();
        for (CommandSpec level = spec; level != null; level = level.parent()) {
            chain.add(((ProgramCommand) level.userObject()).common);
        }
        return CommonOptions.together(chain);
    }

    public final ProcessEnvironment surroundings() {
        return root().processSurroundings();
    }

    public final Output output() {
        if (output == null) {
            output = new Output(surroundings(), options());
        }
        return output;
    }

    /// Whether colours are allowed, on a terminal that has them.
    public final boolean wantsColour() {
        return surroundings().allowsColour() && !options().noColor();
    }

    /// Reads files and environment; wrong ones are still in [Settings#problems].
    public final Settings readSettings() {
        ProcessEnvironment here = surroundings();
        Settings settings = new SettingsLoader(here.environment(), here.folder(), here.systemFolder()).load(options().configFile());
        settings.sources().stream().filter(source -> source.outcome().equals(Settings.Source.PASSED_OVER)).forEach(source ->
                output().notice("cipherlink: " + source.place() + " is passed over: " + source.why()));
        return settings;
    }

    /// Refuses options that were given before the command's name and that it does not take.
    public void refuseForeignOptions() {
        String option = root().client.firstGiven();
        if (option != null && this != root()) {
            throw CliException.usage(spec.name() + " connects to no server: " + option + " does not belong to it");
        }
    }

    /// Log level for the verbosity: 0 is this command's normal one.
    public LogLevel logLevel(int verbosity) {
        return LogLevel.forClient(verbosity);
    }

    /// Does the work after options and logging are settled.
    ///
    /// @throws Exception `Program` translates every exception to a line and a status
    public abstract ExitStatus run() throws Exception;

    @Override
    public final Integer call() throws Exception {
        refuseForeignOptions();
        LogConfiguration.use(logLevel(options().verbosity()));
        ExitStatus status = run();
        output().flush();
        return status.code();
    }
}
