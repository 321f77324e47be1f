package dev.cipherlink.cli.base;

import dev.cipherlink.client.Client;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.connect.ConnectionDetails;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import java.nio.file.Path;

/// A command that connects to a server.
public abstract class ClientCommand extends ProgramCommand {

    public final ClientOptions client = new ClientOptions();

    @Override
    public void describe(Syntax syntax) {
        client.describe(syntax);
    }

    @Override
    public void refuseForeignOptions() {
        // the client options before the name are this command's own
    }

    /// Files, environment and options together.
    ///
    /// @throws CliException if any of them is wrong
    public final Settings clientSettings() {
        Client.prepare();
        return client.over(readSettings(), root().client, surroundings().folder());
    }

    /// The settings of a part of the command that has options of its own, which are weaker than the command's.
    ///
    /// @param read   from files and environment
    /// @param part   the options of that part
    /// @param folder what file names in them are relative to
    public final Settings clientSettings(Settings read, ClientOptions part, Path folder) {
        Client.prepare();
        return client.over(part.over(read, new ClientOptions(), folder), root().client, surroundings().folder());
    }

    /// Connects to the server of the settings. May ask, for a passphrase or about a server that is new.
    ///
    /// @throws CliException if that fails
    public final CliClient connect(Settings settings) {
        ClientKeys keys = loadKeys(settings);
        new ConnectionDetails(output()).tellServer(settings, surroundings().environment());
        CliClient connection = CliClient.owning(keys, settings);
        new ConnectionDetails(output()).tellSession(connection.client());
        return connection;
    }

    /// The same for a command that asks one thing: a connection that breaks is reported at once.
    public final CliClient connectOnce(Settings settings) {
        return connect(once(settings));
    }

    /// The settings of a connection that is not made again when it breaks.
    public final Settings once(Settings settings) {
        return settings.with(new OptionLayer()
                .put(Setting.CLIENT_RECONNECT_FOR, "--no-reconnect", "0ms").layer(surroundings().folder()));
    }

    /// The keys alone, for commands that connect many times.
    public final ClientKeys loadKeys(Settings settings) {
        return loadKeys(settings, client);
    }

    /// The same for a part of the command that has options of its own.
    public final ClientKeys loadKeys(Settings settings, ClientOptions part) {
        boolean acceptNew = part.acceptNewHostKey || client.acceptNewHostKey || root().client.acceptNewHostKey;
        ClientKeys keys = ClientKeys.load(settings, acceptNew, surroundings(), output());
        new ConnectionDetails(output()).tellKeys(settings, keys.credentials());
        return keys;
    }
}
