package dev.cipherlink.cli;

import dev.cipherlink.client.Client;

/// A command that connects to a server.
abstract class ClientCommand extends ProgramCommand {

    final ClientOptions client = new ClientOptions();

    @Override
    void describe(Syntax syntax) {
        client.describe(syntax);
    }

    @Override
    void refuseForeignOptions() {
        // the client options before the name are this command's own
    }

    /// Files, environment and options together.
    ///
    /// @throws CliException if any of them is wrong
    final Settings clientSettings() {
        Client.prepare();
        return client.over(readSettings(), root().client, surroundings().folder());
    }

    /// Connects to the server of the settings. May ask, for a passphrase or about a server that is new.
    ///
    /// @throws CliException if that fails
    final Connection connect(Settings settings) {
        ClientKeys keys = loadKeys(settings);
        new ConnectionDetails(output()).tellServer(settings);
        Connection connection = Connection.owning(keys, settings);
        new ConnectionDetails(output()).tellSession(connection.client());
        return connection;
    }

    /// The same for a command that asks one thing: a connection that breaks is reported at once.
    final Connection connectOnce(Settings settings) {
        return connect(once(settings));
    }

    /// The settings of a connection that is not made again when it breaks.
    final Settings once(Settings settings) {
        return settings.with(new OptionLayer()
                .put(Setting.CLIENT_RECONNECT_FOR, "--no-reconnect", "0ms").layer(surroundings().folder()));
    }

    /// The keys alone, for commands that connect many times.
    final ClientKeys loadKeys(Settings settings) {
        boolean acceptNew = client.acceptNewHostKey || root().client.acceptNewHostKey;
        ClientKeys keys = ClientKeys.load(settings, acceptNew, surroundings(), output());
        new ConnectionDetails(output()).tellKeys(settings, keys.credentials());
        return keys;
    }
}
