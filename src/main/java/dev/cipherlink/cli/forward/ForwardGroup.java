package dev.cipherlink.cli.forward;

import dev.cipherlink.client.RemoteForward;
import dev.cipherlink.client.TunnelClient;
import dev.cipherlink.command.Reply;
import dev.cipherlink.command.Verb;
import dev.cipherlink.connect.CliClient;
import dev.cipherlink.connect.ClientKeys;
import dev.cipherlink.console.Output;
import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardListener.ForwardEvents;
import dev.cipherlink.forward.ForwardPort;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards;
import dev.cipherlink.forward.Forwards.RunnableForward;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.Socks.SocksPasswords;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.Json;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// The listeners of one profile, or of the command line, and their way to a server. Thread-safe.
final class ForwardGroup implements AutoCloseable, ForwardEvents {

    private static final Logger LOG = System.getLogger(ForwardGroup.class.getName());
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final Plan plan;
    private final Output output;
    private final TunnelClient tunnels;
    private final ForwardListener.Config config;
    private final List<ForwardPort> listeners = new CopyOnWriteArrayList<>();
    /// Those whose port is not free yet.
    private final List<Wanted> waiting = new CopyOnWriteArrayList<>();
    /// Null before the first failure.
    private volatile Failure lastFailure;
    /// The last connection did not get to the server.
    private volatile boolean isUnreachable;
    private volatile boolean isClosed;

    /// What to forward, and where to.
    ///
    /// @param name      of the profile; empty for the command line's
    /// @param keys      closed with the group
    /// @param retryBind whether to wait for a port that is not free
    record Plan(String name, List<Wanted> wanted, Settings settings, ClientKeys keys, int poolSize, boolean retryBind) {
    }

    /// A listener.
    ///
    /// @param isRemote whether the server listens, and not this machine
    record Wanted(ForwardSpec spec, boolean isRemote) {

        /// Address and target, before it is bound.
        String name() {
            return spec.listenText() + (isRemote ? " at the server" : "") + " -> " + spec.targetText();
        }
    }

    private record Failure(Instant at, String message) {
    }

    ForwardGroup(Plan plan, Optional<SocksPasswords> passwords, Output output) {
        this.plan = plan;
        this.output = output;
        tunnels = new TunnelClient(CliClient.config(plan.settings, plan.keys), plan.poolSize);
        config = new ForwardListener.Config(this::open, plan.settings.forwardLimits(), passwords, this);
    }

    private RunnableForward open(ForwardTarget target, Accepted accepted) throws IOException {
        try {
            RunnableForward forward = tunnels.open(target, accepted);
            isUnreachable = false;
            return forward;
        } catch (IOException e) {
            isUnreachable = !(e instanceof TargetException);
            throw e;
        }
    }

    /// Binds all of its addresses on this machine, but for those that it may wait for.
    ///
    /// @throws CliException if one cannot be bound, or the server cannot be asked to listen
    void bind() {
        if (plan.wanted.stream().anyMatch(Wanted::isRemote) && !plan.settings.addresses(Setting.CLIENT_VIA).isEmpty()) {
            throw CliException.usage("-R does not go through another server (" + plan.settings.origin(Setting.CLIENT_VIA).orElseThrow() + ")")
                    .withHint("--via none, where the server can be reached directly");
        }
        for (Wanted wanted : plan.wanted) {
            if (wanted.isRemote) {
                continue;
            }
            ForwardSpec spec = wanted.spec;
            try {
                listeners.add(ForwardListener.bind(spec, config));
            } catch (BindException e) {
                if (!plan.retryBind || !isTaken(e)) {
                    CliException failure = CliException.usage("cannot listen on " + TerminalText.escapeLine(e.getMessage())).withCause(e);
                    throw spec.isPath() ? failure : failure.withHint("another port, 0 for a free one, or --retry-bind to wait");
                }
                await(wanted, e);
            } catch (IOException | InvalidPathException | UnsupportedOperationException e) {
                throw CliException.usage("cannot listen on " + TerminalText.escapeLine(spec.bind()) + ": " + FailureText.of(e)).withCause(e);
            }
        }
    }

    private void await(Wanted wanted, IOException taken) {
        output.notice("cipherlink: waiting to listen" + (wanted.isRemote ? " at the server: " : " on ")
                + TerminalText.escapeLine(taken.getMessage()));
        waiting.add(wanted);
    }

    /// Has the server listen on all of its addresses there, but for those that it may wait for.
    ///
    /// @throws CliException if it refuses one
    void bindRemotely() {
        for (Wanted wanted : plan.wanted) {
            if (!wanted.isRemote) {
                continue;
            }
            try {
                listeners.add(tunnels.listenRemotely(wanted.spec, config));
            } catch (TargetException e) {
                if (!plan.retryBind || e.refusal() != Refusal.IN_USE) {
                    CliException failure = new CliException(ExitStatus.REFUSED, "cannot listen at the server: " + FailureText.of(e)).withCause(e);
                    throw e.refusal() == Refusal.IN_USE ? failure.withHint("another port, or --retry-bind to wait") : failure;
                }
                await(wanted, e);
            } catch (IOException e) {
                throw CliClient.unreachable(plan.settings.address(Setting.CLIENT_SERVER), e);
            }
        }
    }

    /// Whether it may be free later: another process has it, or the address is of an interface that is not there yet.
    private static boolean isTaken(BindException e) {
        return ForwardSpec.isInUse(e) || e.getMessage().contains("assign requested");
    }

    /// Connects once, which shows whether the server is there and lets us in, and asks what there is to ask.
    ///
    /// @throws CliException if forwards are not possible
    void check() throws InterruptedException {
        try (CliClient first = CliClient.open(plan.settings, plan.keys)) {
            Reply answer = first.request(Verb.WHOAMI.name().getBytes(StandardCharsets.US_ASCII));
            String services = new String(answer.payload(), StandardCharsets.UTF_8).lines().filter(line -> line.startsWith("permissions: "))
                    .flatMap(line -> Arrays.stream(line.split(" "))).filter(word -> word.startsWith("services=")).findFirst().orElse("");
            boolean mayForward = services.isEmpty() || List.of(services.substring(services.indexOf('=') + 1).split(",")).contains("forward");
            if (!mayForward) {
                throw new CliException(ExitStatus.REFUSED, "cannot forward: this key may not, at " + first.server() + " ("
                        + services + " in its line)").withHint("its operator: cipherlink authorize LINE --replace --services " + services.substring(
                                services.indexOf('=') + 1) + ",forward");
            }
        }
    }

    /// Accepts, and says so; and waits for the ports that are not free.
    void start() {
        tunnels.start();
        listeners.forEach(this::start);
        waiting.forEach(wanted -> Thread.ofVirtual().name("cipherlink-bind").start(() -> bindLater(wanted)));
    }

    private void start(ForwardPort listener) {
        if (listener instanceof ForwardListener local) {
            local.start();
        }
        if (listener.isOfOthers()) {
            output.notice("cipherlink: " + listener.name() + " can be used from other machines");
        }
        output.done("ready " + listener.name(), Map.of("ready", listener.name()));
        output.flush();
    }

    private void bindLater(Wanted wanted) {
        try {
            for (Duration pause = FIRST_PAUSE; !isClosed; pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2)
                    : LONGEST_PAUSE) {
                Thread.sleep(pause);
                try {
                    bound(wanted, wanted.isRemote ? tunnels.listenRemotely(wanted.spec, config) : ForwardListener.bind(wanted.spec, config));
                    return;
                } catch (IOException e) {
                    if (e instanceof BindException || e instanceof TargetException refused && refused.refusal() == Refusal.IN_USE) {
                        LOG.log(Level.DEBUG, "still waiting to listen: {0}", e.getMessage());
                    } else {
                        failed(wanted.name(), e);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void bound(Wanted wanted, ForwardPort listener) {
        if (isClosed) {
            listener.close();
            return;
        }
        waiting.remove(wanted);
        listeners.add(listener);
        start(listener);
    }

    /// Connections now.
    int live() {
        return listeners.stream().mapToInt(listener -> listener.forwards().totals().live()).sum();
    }

    /// What each listener has done, for the signal that asks for it.
    List<String> totals() {
        return listeners.stream().map(listener -> listener.name() + ": " + words(listener.forwards().totals())).toList();
    }

    private static String words(Forwards.Totals totals) {
        return totals.live() + " open, " + totals.opened() + " opened, " + totals.failed() + " failed, " + totals.bytesToTunnel()
                + " bytes out, " + totals.bytesToPlain() + " bytes in";
    }

    /// A line for each listener, and one for each that waits for its port.
    List<String> status(boolean isJson) {
        var lines = new ArrayList<String>();
        listeners.forEach(listener -> lines.add(isJson ? json(listener.name(), state(listener), listener.forwards().totals())
                : title() + listener.name() + ": " + state(listener) + ", " + words(listener.forwards().totals())));
        for (Wanted wanted : waiting) {
            lines.add(isJson ? json(wanted.name(), "waiting", new Forwards.Totals(0, 0, 0, 0, 0))
                    : title() + wanted.name() + ": waiting for its port");
        }
        Failure failure = lastFailure;
        if (!isJson && failure != null) {
            lines.add("  last error " + failure.at + ": " + failure.message);
        }
        return lines;
    }

    private String state(ForwardPort listener) {
        return isUnreachable || tunnels.isServerMissed() ? "server not reached"
                : listener instanceof RemoteForward remote && !remote.isListening() ? "the server does not listen" : "ready";
    }

    private String title() {
        return (plan.name.isEmpty() ? "" : plan.name + ": ") + "process " + ProcessHandle.current().pid() + ", "
                + plan.settings.address(Setting.CLIENT_SERVER) + ": ";
    }

    private String json(String listener, String state, Forwards.Totals totals) {
        Failure failure = lastFailure;
        return Json.object(Json.members("process", ProcessHandle.current().pid(), "profile", plan.name.isEmpty() ? null : plan.name,
                "server", plan.settings.address(Setting.CLIENT_SERVER).toString(), "listener", listener, "state", state,
                "open", totals.live(), "opened", totals.opened(), "failed", totals.failed(), "bytes_out", totals.bytesToTunnel(),
                "bytes_in", totals.bytesToPlain(), "error", failure == null ? null : failure.message,
                "error_at", failure == null ? null : failure.at.toString()));
    }

    // Called by the listeners: failures are told on stderr always, the rest with `-v`.

    @Override
    public void failed(String listener, IOException cause) {
        failed(listener, "not forwarded", cause);
    }

    @Override
    public void listensNoMore(String listener, IOException cause) {
        failed(listener, "the server does not listen", cause);
    }

    private void failed(String listener, String what, IOException cause) {
        lastFailure = new Failure(Instant.now().truncatedTo(ChronoUnit.SECONDS), TerminalText.escapeLine(FailureText.of(cause)));
        output.errorLine("cipherlink: " + listener + ": " + what + ": " + FailureText.of(cause));
    }

    @Override
    public void listens(String listener) {
        output.notice("cipherlink: " + listener + ": the server listens again");
    }

    @Override
    public void opened(String listener, ForwardTarget target) {
        LOG.log(Level.INFO, "{0}: opened {1}", listener, target);
    }

    @Override
    public void ended(String listener, ForwardTarget target, RelayEnd end, long bytesToTarget, long bytesToPlain) {
        LOG.log(Level.INFO, "{0}: closed {1} {2} {3}: {4} bytes out, {5} bytes in", listener, target, end.reason(),
                TerminalText.escapeLine(end.detail()), Long.toString(bytesToTarget), Long.toString(bytesToPlain));
    }

    /// Accepts no more. Idempotent.
    synchronized void stopAccepting() {
        isClosed = true;
        listeners.forEach(ForwardPort::close);
    }

    /// Ends all connections.
    @Override
    public void close() {
        stopAccepting();
        listeners.forEach(listener -> listener.forwards().stopAll());
        tunnels.close();
        plan.keys.close();
    }
}
