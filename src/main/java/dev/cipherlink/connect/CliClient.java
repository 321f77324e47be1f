package dev.cipherlink.connect;

import dev.cipherlink.agent.AgentClient.AgentException;
import dev.cipherlink.client.AuthenticationException;
import dev.cipherlink.client.AuthenticationException.HostKeyException;
import dev.cipherlink.client.Client;
import dev.cipherlink.client.LostHandshakeException;
import dev.cipherlink.client.RequestException.NotDoneException;
import dev.cipherlink.client.RequestException.OutcomeUnknownException;
import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.command.Command;
import dev.cipherlink.command.CommandParser;
import dev.cipherlink.command.CommandParser.CommandException;
import dev.cipherlink.command.Reply;
import dev.cipherlink.console.ProcessEnvironment.Closing;
import dev.cipherlink.console.ProcessExit;
import dev.cipherlink.crypto.KeyListFile.KeyLineException;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.DurationText;
import dev.cipherlink.text.ServerAddress;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A client made from settings, whose failures are already [CliException]s. Closing it ends the session, and wipes the
/// keys if it owns them.
public final class CliClient implements AutoCloseable {
    private static final CommandParser PARSER = new CommandParser(Integer.MAX_VALUE);

    private final Closing owned;
    private final ClientKeys keys;
    private final Client client;
    private final ServerAddress server;
    private final Duration timeout;

    private CliClient(Closing owned, ClientKeys keys, Client client, ServerAddress server, Duration timeout) {
        this.owned = owned;
        this.keys = keys;
        this.client = client;
        this.server = server;
        this.timeout = timeout;
    }

    /// Connects to the server of the settings with keys that the connection then owns. Blocks for at most
    /// `client.timeout`, and on a person if the server is new.
    public static CliClient owning(ClientKeys keys, Settings settings) {
        try {
            return open(keys, settings, keys::close);
        } catch (CliException e) {
            keys.close();
            throw e;
        }
    }

    /// The same, with keys that stay the caller's.
    public static CliClient open(Settings settings, ClientKeys keys) {
        return open(keys, settings, () -> { });
    }

    private static CliClient open(ClientKeys keys, Settings settings, Closing owned) {
        ServerAddress server = settings.address(Setting.CLIENT_SERVER);
        Duration timeout = settings.duration(Setting.CLIENT_TIMEOUT);
        ClientConfig config = config(settings, keys);
        try {
            return new CliClient(owned, keys, connect(config, keys), server, timeout);
        } catch (IOException e) {
            throw cannotConnect(server, e, keys);
        }
    }

    /// The configuration of a client with these keys, from the settings.
    public static ClientConfig config(Settings settings, ClientKeys keys) {
        ServerAddress server = settings.address(Setting.CLIENT_SERVER);
        return ClientConfig.to(server.host(), server.port(), keys.credentials())
                .withClientId(keys.claimedName())
                .withStepByStep(settings.word(Setting.CLIENT_OPERATION_MODE).equals(OperationMode.STEP_BY_STEP.wireName()))
                .withWindowSize(settings.whole(Setting.CLIENT_WINDOW))
                .withTimes(settings.duration(Setting.CLIENT_TIMEOUT), settings.duration(Setting.KEEPALIVE_INTERVAL))
                .withPadding(settings.isOn(Setting.CLIENT_PADDING))
                .withReconnect(settings.duration(Setting.CLIENT_RECONNECT_FOR))
                .withRoute(keys.route(settings));
    }

    /// Connects again if a server was new and is accepted.
    private static Client connect(ClientConfig config, ClientKeys keys) throws IOException {
        ProcessExit.expectConnections();
        while (true) {
            try {
                return Client.connect(config);
            } catch (HostKeyException e) {
                if (e.unknownHost().filter(keys::acceptFirstContact).isEmpty()) {
                    throw e;
                }
            }
        }
    }

    /// @throws CliException if the file is missing or must not be trusted
    static SharedKey loadKey(Path file) {
        try {
            return SharedKey.load(file);
        } catch (IOException e) {
            throw CliException.usage("cannot use key file " + TerminalText.escapeLine(file.toString()) + ": "
                    + FailureText.of(e)).withCause(e);
        }
    }

    private static CliException cannotConnect(ServerAddress server, IOException failure, ClientKeys keys) {
        String what = "cannot connect to " + server + ": ";
        return switch (failure) {
            case HostKeyException e -> new CliException(ExitStatus.AUTHENTICATION, what + FailureText.of(e)).withCause(e);
            case AuthenticationException e ->
                    new CliException(ExitStatus.AUTHENTICATION, what + FailureText.of(e)).withCause(e)
                            .withHint(keys.authorizeCommand().orElse(
                                    "the key file of that server: it prints the fingerprint of its key when it starts"));
            case AgentException e -> CliException.usage(what + FailureText.of(e)).withCause(e).withHint("cipherlink agent unlock");
            case RefusedException e ->
                    new CliException(ExitStatus.UNREACHABLE, what + "the server refused: " + FailureText.of(e)).withCause(e);
            case KeyLineException e -> cannotUseKnownHosts(e, keys);
            case FileSystemException e -> cannotUseKnownHosts(e, keys); // no other file is used while connecting
            case UnknownHostException e ->
                    new CliException(ExitStatus.UNREACHABLE, what + "no such host").withCause(e);
            case SocketTimeoutException e ->
                    new CliException(ExitStatus.UNREACHABLE, what + FailureText.of(e)).withCause(e)
                            .withHint("a longer --timeout, or another --server");
            default -> unreachable(server, failure);
        };
    }

    /// A failure to connect that is not about keys, with a hint unless a server was there: then the failure says what it may be.
    public static CliException unreachable(ServerAddress server, IOException failure) {
        var unreachable = new CliException(ExitStatus.UNREACHABLE, "cannot connect to " + server + ": " + FailureText.of(failure))
                .withCause(failure);
        return failure instanceof LostHandshakeException ? unreachable
                : unreachable.withHint("is the server running there? --server HOST:PORT names another");
    }

    private static CliException cannotUseKnownHosts(IOException failure, ClientKeys keys) {
        String file = keys.knownHostsFile().map(Path::toString).orElse("");
        String why = FailureText.withFile(failure);
        return CliException.usage("cannot use the known hosts " + TerminalText.escapeLine(why.startsWith(file) ? why : file + ": " + why))
                .withCause(failure).withHint("--host-key FINGERPRINT, which needs no file");
    }

    public Client client() {
        return client;
    }

    /// Those of the connection.
    public ClientKeys keys() {
        return keys;
    }

    public ServerAddress server() {
        return server;
    }

    public Duration timeout() {
        return timeout;
    }

    /// Sends one command and waits for its answer, an ERROR included. Blocks for at most `client.timeout`.
    ///
    /// @throws CliException if no answer came; it says whether the command may have run
    public Reply request(byte[] command) throws InterruptedException {
        try {
            return client.requestAsync(command).get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw lost("no answer within " + DurationText.format(timeout), mayHaveChangedData(command), e);
        } catch (ExecutionException e) {
            boolean wasSent = e.getCause() instanceof OutcomeUnknownException;
            throw lost(FailureText.of(e.getCause().getCause()), wasSent && mayHaveChangedData(command), e.getCause());
        } catch (NotDoneException e) {
            throw lost(FailureText.of(e.getCause()), false, e);
        }
    }

    /// The failure of a request that has no answer.
    public CliException lost(String why, boolean unknownOutcome, Throwable cause) {
        return unknownOutcome
                ? new CliException(ExitStatus.UNKNOWN_OUTCOME, "connection to " + server + " lost: " + why
                        + "; whether the command ran is unknown").withCause(cause)
                        .withHint("look what the server has now, before you repeat it")
                : new CliException(ExitStatus.UNREACHABLE, "connection to " + server + " lost: " + why).withCause(cause);
    }

    /// Whether running a command leaves a trace. What we cannot parse might.
    public static boolean mayHaveChangedData(byte[] command) {
        try {
            Command parsed = PARSER.parse(command, 0, command.length);
            return !parsed.isReadOnly();
        } catch (CommandException _) {
            return true;
        }
    }

    @Override
    public void close() {
        client.close();
        owned.close();
    }
}
