package dev.cipherlink.cli.base;

import dev.cipherlink.console.ProcessEnvironment;

/// The command above all others: options for a connection may stand before the name of the command that uses them.
public abstract class RootCommand extends ProgramCommand {

    public final ClientOptions client = new ClientOptions();
    private final ProcessEnvironment surroundings;

    protected RootCommand(ProcessEnvironment surroundings) {
        this.surroundings = surroundings;
    }

    final ProcessEnvironment processSurroundings() {
        return surroundings;
    }
}
