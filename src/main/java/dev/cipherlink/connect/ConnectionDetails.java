package dev.cipherlink.connect;

import dev.cipherlink.client.Client;
import dev.cipherlink.client.Client.ConnectionState;
import dev.cipherlink.client.Client.SessionInfo;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier;
import dev.cipherlink.client.KnownHosts;
import dev.cipherlink.console.Output;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.ServerAddress;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// Writes the details of a connection for `-v`, as `ssh -v` does: files read, the server and its key, the parameters, and how it
/// goes on. Without `-v` it does nothing.
public final class ConnectionDetails {
    private final Output output;

    public ConnectionDetails(Output output) {
        this.output = output;
    }

    public void tellKeys(Settings settings, Credentials credentials) {
        if (!output.isVerbose()) {
            return;
        }
        settings.sources().forEach(source -> output.detail("settings: " + source.place() + ": " + source.outcome()
                + (source.why().isEmpty() ? "" : ": " + source.why())));
        output.detail(switch (credentials) {
            case Credentials.Shared(SharedKey key) -> "shared key: " + file(settings, Setting.CLIENT_SHARED_KEY) + ": "
                    + key.fingerprint() + "; version 1";
            case Credentials.Personal personal -> "identity: " + file(settings, Setting.CLIENT_IDENTITY) + ": "
                    + personal.identity().publicKey().fingerprint() + "; version 2, " + personal.protocolName();
        });
    }

    private static String file(Settings settings, Setting setting) {
        return settings.file(setting).map(file -> TerminalText.escapeLine(file.toString())).orElse("given");
    }

    /// The same verifier, that tells the key before it judges it.
    HostKeyVerifier telling(HostKeyVerifier verifier, Optional<KnownHosts> known) {
        return !output.isVerbose() ? verifier : new HostKeyVerifier() {
            @Override
            public void verify(String host, int port, PublicKey key) throws IOException {
                output.detail("host key: " + key.fingerprint());
                verifier.verify(host, port, key);
                output.detail("host key accepted: " + known.map(hosts -> "it is in " + hosts.path()).orElse("it is that of --host-key"));
            }

            @Override
            public void announced(String host, int port, Optional<PublicKey> next) throws IOException {
                next.ifPresent(key -> output.detail("next host key: " + key.fingerprint()));
                verifier.announced(host, port, next);
            }
        };
    }

    public void tellServer(Settings settings, Map<String, String> environment) {
        if (!output.isVerbose()) {
            return;
        }
        ServerAddress server = settings.address(Setting.CLIENT_SERVER);
        String way = Routes.describe(settings, environment);
        if (!way.isEmpty()) {
            output.detail("server: " + server + " (" + settings.origin(Setting.CLIENT_SERVER).orElse("default") + ") through " + way);
            return;
        }
        String address;
        try {
            address = InetAddress.getByName(server.host()).getHostAddress();
        } catch (UnknownHostException _) {
            address = "no such host";
        }
        output.detail("server: " + server + " (" + settings.origin(Setting.CLIENT_SERVER).orElse("default") + "), address " + address);
    }

    public void tellSession(Client client) {
        if (!output.isVerbose()) {
            return;
        }
        SessionInfo session = client.session();
        output.detail("session: " + session.sessionId() + " as " + TerminalText.escapeLine(session.clientId()) + ", "
                + session.mode() + ", window " + session.windowSize() + "; " + client.protocolName());
        client.onConnectionChange(this::tellChange);
    }

    private void tellChange(ConnectionState state) {
        output.detail(switch (state) {
            case ConnectionState.Retrying(int attempt, Duration delay, IOException cause) -> "connection lost: "
                    + FailureText.of(cause) + "; attempt " + attempt + " in " + delay.toMillis() + " ms";
            case ConnectionState.Connected(boolean isResumed, int unknown, Duration away) -> "connected again after "
                    + away.toMillis() + " ms: " + (isResumed ? "the session goes on" : "a new session, outcome unknown of " + unknown);
            case ConnectionState.Closed(IOException cause) -> "connection ended: " + FailureText.of(cause);
        });
    }
}
