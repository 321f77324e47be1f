package dev.cipherlink.cli.base;

import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Setting.SettingType;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.settings.Settings.OptionLayer;
import dev.cipherlink.text.ServerAddress;
import java.nio.file.Path;
import java.util.List;

/// Options of every command that connects to a server, before or after its name.
public final class ClientOptions {
    /// Completions of `--operation-mode`.
    public static final List<String> MODES = List.of(OperationMode.STEP_BY_STEP.wireName(), OperationMode.BURST.wireName());

    private String server;
    private String serverHost;
    private String serverPort;
    private String via;
    private String proxy;
    public String operationMode;
    private String window;
    public String sharedKey;
    public String identity;
    private String hostKey;
    boolean acceptNewHostKey;
    private String timeout;
    private boolean noReconnect;

    public void describe(Syntax syntax) {
        syntax.group(Syntax.CONNECTION);
        syntax.option("-s --server", "HOST[:PORT]", given -> server = given,
                "Server to connect to; [IPV6]:PORT too. Default: 127.0.0.1:8888.");
        syntax.option("--server-addr", "HOST", given -> serverHost = given, "Host of the server alone.");
        syntax.option("--server-port", "PORT", given -> serverPort = given, "Port of the server alone.");
        syntax.option("--via", "HOST[:PORT],...", given -> via = given,
                "Go through these servers, in this order; each has to allow the next as a target. none for none.");
        syntax.option("--proxy", "URL", given -> proxy = given,
                "Go through a proxy: http://[USER:PASSWORD@]HOST:PORT, socks5:// or socks5h://; none for none. Default: HTTPS_PROXY, "
                        + "ALL_PROXY and NO_PROXY say.");
        syntax.choice("--operation-mode", "MODE", MODES, given -> operationMode = given,
                "step-by-step (one request at a time) or burst (many in flight).");
        syntax.option("--window", "N", given -> window = given, "Requests in flight in burst mode. Default: 64.");
        syntax.option("--shared-key", "FILE", given -> sharedKey = given,
                "Key file shared with the server. Chooses version 1.");
        syntax.option("--identity", "FILE", given -> identity = given, "Private key file. Default: one made on first use.");
        syntax.option("--host-key", "FINGERPRINT", given -> hostKey = given,
                "Accept only a server whose key has this fingerprint; known hosts do not count.");
        syntax.flag("--accept-new-host-key", given -> acceptNewHostKey = given,
                "Trust a new server and keep its key. A changed key is refused all the same.");
        syntax.option("--timeout", "DURATION", given -> timeout = given,
                "How long to wait for the connection, and for an answer: 500ms, 10s, 2m. Default: 30s.");
        syntax.flag("--no-reconnect", given -> noReconnect = given,
                "End when the connection breaks, instead of connecting again and going on.");
        syntax.group(Syntax.OWN);
    }

    /// The name of the first option that was given, or null.
    String firstGiven() {
        String[][] given = {{"--server", server}, {"--server-addr", serverHost}, {"--server-port", serverPort},
            {"--via", via}, {"--proxy", proxy},
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
        return address == whole.address(Setting.CLIENT_SERVER) ? whole // the same object: no part of it was given
                : whole.with(new OptionLayer().put(Setting.CLIENT_SERVER, "--server", address.toString()).layer(folder));
    }

    private void putInto(OptionLayer options) {
        options.put(Setting.CLIENT_SERVER, "--server", server)
                .put(Setting.CLIENT_VIA, "--via", via)
                .put(Setting.CLIENT_PROXY, "--proxy", proxy)
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
            result = result.withHost((String) OptionLayer.check(SettingType.HOST, "--server-addr", serverHost));
        }
        if (serverPort != null) {
            result = result.withPort((Integer) OptionLayer.check(new SettingType.Whole(1, 65_535), "--server-port", serverPort));
        }
        return result;
    }
}
