package dev.cipherlink.cli;

import picocli.CommandLine.Mixin;

/// A command that connects to a server.
abstract class ClientCommand extends ProgramCommand {

    @Mixin
    ClientOptions client;

    @Override
    void refuseForeignOptions() {
        // the client options before the name are this command's own
    }

    /// Files, environment and options together.
    ///
    /// @throws CliException if any of them is wrong
    final Settings clientSettings() {
        return client.over(readSettings(), root().client, surroundings().folder());
    }
}
