package dev.cipherlink.cli;

import dev.cipherlink.message.OperationMode;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/// Options of every command that connects to a server, before or after its name.
final class ClientOptions {

    @Option(names = {"-s", "--server"}, paramLabel = "HOST[:PORT]",
            description = "Server to connect to; [IPV6]:PORT too. Default: 127.0.0.1:8888.")
    String server;

    @Option(names = "--server-addr", paramLabel = "HOST", description = "Host of the server alone.")
    String serverHost;

    @Option(names = "--server-port", paramLabel = "PORT", description = "Port of the server alone.")
    String serverPort;

    @Option(names = "--operation-mode", paramLabel = "MODE", completionCandidates = Modes.class,
            description = "step-by-step (one request at a time) or burst (many in flight).")
    String operationMode;

    @Option(names = "--window", paramLabel = "N", description = "Requests in flight in burst mode. Default: 64.")
    String window;

    @Option(names = "--shared-key", paramLabel = "FILE", description = "Key file shared with the server. Chooses version 1.")
    String sharedKey;

    @Option(names = "--identity", paramLabel = "FILE", description = "Private key file. Default: one made on first use.")
    String identity;

    @Option(names = "--host-key", paramLabel = "FINGERPRINT",
            description = "Accept only a server whose key has this fingerprint; known hosts do not count.")
    String hostKey;

    @Option(names = "--accept-new-host-key",
            description = "Believe a server that is new, and keep its key. A changed key is refused all the same.")
    boolean acceptNewHostKey;

    @Option(names = "--timeout", paramLabel = "DURATION",
            description = "How long to wait for the connection, and for an answer: 500ms, 10s, 2m. Default: 30s.")
    String timeout;

    @Option(names = "--no-reconnect",
            description = "End when the connection breaks, instead of connecting again and going on.")
    boolean noReconnect;

    /// What can be completed behind `--operation-mode`.
    static final class Modes implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.of(OperationMode.STEP_BY_STEP, OperationMode.BURST).map(OperationMode::wireName).iterator();
        }
    }

    /// The name of the first option that was given, or null.
    String firstGiven() {
        String[][] given = {{"--server", server}, {"--server-addr", serverHost}, {"--server-port", serverPort},
            {"--operation-mode", operationMode}, {"--window", window}, {"--shared-key", sharedKey},
            {"--identity", identity}, {"--host-key", hostKey}, {"--timeout", timeout},
            {"--accept-new-host-key", acceptNewHostKey ? "" : null}, {"--no-reconnect", noReconnect ? "" : null}};
        for (String[] option : given) {
            if (option[1] != null) {
                return option[0];
            }
        }
        return null;
    }

    /// Puts these options on top of what files and environment say.
    ///
    /// @param before the options in front of the command's name, which are weaker
    /// @throws CliException if one has a wrong value
    Settings over(Settings base, ClientOptions before, Path folder) {
        OptionLayer options = new OptionLayer();
        before.putInto(options);
        putInto(options);
        Settings whole = base.with(options.layer(folder)).requireValid();
        ServerAddress address = withParts(before.withParts(whole.address(Setting.CLIENT_SERVER)));
        return address.equals(whole.address(Setting.CLIENT_SERVER)) ? whole
                : whole.with(new OptionLayer().put(Setting.CLIENT_SERVER, "--server", address.toString()).layer(folder));
    }

    private void putInto(OptionLayer options) {
        options.put(Setting.CLIENT_SERVER, "--server", server)
                .put(Setting.CLIENT_OPERATION_MODE, "--operation-mode", operationMode)
                .put(Setting.CLIENT_WINDOW, "--window", window)
                .put(Setting.CLIENT_SHARED_KEY, "--shared-key", sharedKey)
                .put(Setting.CLIENT_IDENTITY, "--identity", identity)
                .put(Setting.CLIENT_HOST_KEY, "--host-key", hostKey)
                .put(Setting.CLIENT_TIMEOUT, "--timeout", timeout)
                .put(Setting.CLIENT_RECONNECT_FOR, "--no-reconnect", noReconnect ? "0ms" : null);
    }

    private ServerAddress withParts(ServerAddress address) {
        ServerAddress result = address;
        if (serverHost != null) {
            result = result.withHost((String) OptionLayer.check(new SettingType.Host(), "--server-addr", serverHost));
        }
        if (serverPort != null) {
            result = result.withPort((Integer) OptionLayer.check(new SettingType.Whole(1, 65_535), "--server-port", serverPort));
        }
        return result;
    }
}
