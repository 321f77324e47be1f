package dev.cipherlink.client;

import dev.cipherlink.forward.ForwardListener;
import dev.cipherlink.forward.ForwardPort;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.ForwardSpec;
import dev.cipherlink.forward.ForwardTarget;
import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import dev.cipherlink.forward.Forwards;
import dev.cipherlink.forward.PlainEnd;
import dev.cipherlink.forward.ProxyDialogue;
import dev.cipherlink.forward.ProxyDialogue.DialogueInput;
import dev.cipherlink.forward.Relay.RelayEnd;
import dev.cipherlink.forward.TargetConnector;
import dev.cipherlink.forward.TunnelSource.Accepted;
import dev.cipherlink.forward.mux.ForwardedChannel;
import dev.cipherlink.forward.mux.MuxSession;
import dev.cipherlink.forward.mux.Opening;
import dev.cipherlink.forward.mux.PipeEnd;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/// A listener that the server has for us (`forward -R`), and the connections that it accepts, which lead to targets on this side.
///
/// It is a channel (`docs/protocol.md`, section 6.1), and so outlives the connection. If its session is lost it asks for the address again, until
/// it is closed. Thread-safe.
public final class RemoteForward implements ForwardPort {

    private static final Duration DIALOGUE_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    /// Between attempts to reach the server, and between questions to one that has refused.
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE_REFUSED = Duration.ofSeconds(30);
    private static final int FAILURES_A_MINUTE = 10;
    private static final int TICKS_A_MINUTE = 60;
    private static final int MAX_ADDRESS_CHARACTERS = 128;
    private static final Duration TICK = Duration.ofSeconds(1);
    /// How the reason of a server begins that takes a listener for a target.
    private static final String UNKNOWN_TARGET = "target: ";
    static final String TOO_OLD = "the server is too old for listeners of its clients (-R)";

    private final ChannelClient client;
    private final ForwardSpec spec;
    private final ForwardListener.Config config;
    private final TargetConnector targets;
    private final Forwards forwards = new Forwards();
    /// Failures that were told: strangers at the server can cause any number.
    private final AtomicInteger toldInMinute = new AtomicInteger();
    /// Null while there is none.
    private volatile Ask current;
    private volatile String address;
    private volatile boolean isListening;
    private volatile boolean isClosed;

    RemoteForward(ChannelClient client, ForwardSpec spec, ForwardListener.Config config) {
        this.client = client;
        this.spec = spec;
        this.config = config;
        targets = new TargetConnector(client.patience());
        address = spec.listenText();
    }

    /// Asks the server to listen. Blocks until it does.
    ///
    /// @throws TargetException if it does not; its code tells why
    /// @throws IOException     if there is no connection to the server
    void open() throws IOException {
        ask();
        Thread.ofVirtual().name("cipherlink-forward-clock").start(this::checkTimesUntilClosed);
    }

    private void ask() throws IOException {
        MuxSession session = client.connected();
        if (session == null) {
            throw new TargetException(Refusal.FAILED, TOO_OLD);
        }
        var ask = new Ask();
        current = ask;
        ask.channel = session.open("listen " + spec.listenText(), ask, new Accepted(null, new byte[0], config.limits(), true));
        client.connectIfLost();
        try {
            address = ask.await();
        } catch (IOException e) {
            ask.channel.stop(); // else it would be in our way if we ask again
            throw e;
        }
        isListening = true;
        if (isClosed) {
            ask.channel.stop();
        } else if (ask.isOver) {
            ended(ask);
        }
    }

    /// One request to listen, which is the listener if it is granted.
    private final class Ask implements ForwardedChannel.Listener {
        private final CompletableFuture<Void> opened = new CompletableFuture<>();
        private volatile ForwardedChannel channel;
        private volatile boolean isOver;

        /// @return the address that the server has bound
        String await() throws IOException {
            PipeEnd pipe = channel.pipe(PipeEnd.FEW);
            try {
                ChannelForward.await(opened);
                return addressIn(pipe.input(client.patience()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while the server begins to listen");
            }
        }

        private static String addressIn(InputStream answer) throws IOException {
            var line = new StringBuilder();
            for (int next = answer.read(); next != '\n'; next = answer.read()) {
                if (next <= ' ' || next > '~' || line.length() == MAX_ADDRESS_CHARACTERS) {
                    throw new ProtocolException("the server does not say on which address it listens");
                }
                line.append((char) next);
            }
            return line.toString();
        }

        /// From OPENED to the end.
        private boolean isListener() {
            return opened.isDone() && !opened.isCompletedExceptionally() && !isOver;
        }

        @Override
        public void opened() {
            opened.complete(null);
        }

        @Override
        public void refused(Refusal refusal, String reason) {
            opened.completeExceptionally(new TargetException(refusal, refusal == Refusal.FAILED && reason.startsWith(UNKNOWN_TARGET)
                    ? TOO_OLD : reason));
        }

        @Override
        public void ended(RelayEnd end) {
            opened.completeExceptionally(new IOException("the session has ended: " + end.detail()));
            isOver = true;
            RemoteForward.this.ended(this);
        }
    }

    private synchronized void ended(Ask ask) {
        if (ask == current && isListening && !isClosed) {
            isListening = false;
            Thread.ofVirtual().name("cipherlink-listen").start(this::askAgain);
        }
    }

    private void askAgain() {
        String told = "";
        try {
            for (Duration pause = FIRST_PAUSE; !isClosed; pause = pause.multipliedBy(2)) {
                Duration longest;
                try {
                    ask();
                    config.events().listens(name());
                    return;
                } catch (IOException e) {
                    longest = e instanceof TargetException ? LONGEST_PAUSE_REFUSED : LONGEST_PAUSE;
                    if (!isClosed && !told.equals(e.getMessage())) {
                        told = String.valueOf(e.getMessage());
                        config.events().listensNoMore(name(), e);
                    }
                }
                pause = pause.compareTo(longest) < 0 ? pause : longest;
                Thread.sleep(pause);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void checkTimesUntilClosed() {
        try {
            for (long ticks = 1; !isClosed || forwards.totals().live() > 0; ticks++) {
                Thread.sleep(TICK);
                forwards.checkTimes(System.nanoTime());
                if (ticks % TICKS_A_MINUTE == 0) {
                    toldInMinute.set(0);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Whether the server listens at the moment, as far as is known.
    public boolean isListening() {
        return isListening;
    }

    /// `127.0.0.1:8080 at the server -> localhost:80`.
    @Override
    public String name() {
        return address + " at the server -> " + spec.targetText();
    }

    @Override
    public Forwards forwards() {
        return forwards;
    }

    /// Whether other machines than the server can connect.
    @Override
    public boolean isOfOthers() {
        return !spec.isPath() && !address.startsWith("127.") && !address.startsWith("[::1]");
    }

    @Override
    public void close() {
        isClosed = true;
        isListening = false;
        Ask last = current;
        if (last != null && last.channel != null) {
            last.channel.stop();
        }
    }

    /// Whether it is the listener with this number. Called by the session's thread.
    boolean has(String number) {
        Ask last = current;
        return !isClosed && last != null && last.isListener() && last.channel != null && last.channel.number().equals(number);
    }

    /// Takes a connection that the server has accepted. Called by the session's thread.
    void accept(Opening opening) {
        new Incoming().begin(opening);
    }

    /// A connection that the server has accepted.
    private final class Incoming implements ForwardedChannel.Listener {
        private ForwardedChannel channel;
        private volatile ForwardTarget target;

        void begin(Opening opening) {
            channel = opening.accept(config.limits(), this);
            Thread.ofVirtual().name("cipherlink-forwarded").start(this::connect);
        }

        private void connect() {
            try {
                if (spec.target().isPresent()) {
                    target = spec.target().get();
                    channel.connect(targets.connect(target, ForwardRules.ALL).channel(), new byte[0]);
                } else {
                    connectByDialogue();
                }
            } catch (TargetException e) {
                channel.refuse(e);
                failed(e);
            } catch (IOException | RuntimeException e) {
                channel.end(RelayEnd.Reason.STOPPED, String.valueOf(e.getMessage()));
                failed(e instanceof IOException known ? known : new IOException(e));
            }
        }

        /// The program says first where it wants to go.
        private void connectByDialogue() throws IOException {
            PipeEnd pipe = channel.pipe(PipeEnd.FEW);
            var input = new DialogueInput(pipe.input(DIALOGUE_TIMEOUT));
            ProxyDialogue dialogue;
            SocketChannel socket;
            try {
                dialogue = ProxyDialogue.begin(input, pipe.output(), config.passwords());
                target = dialogue.request();
                socket = connect(dialogue);
            } catch (ProtocolException | TargetException e) {
                failed(e);
                endAfterAnswer(pipe);
                return;
            }
            try {
                dialogue.granted();
            } catch (IOException e) {
                PlainEnd.reset(socket);
                throw e;
            }
            config.events().opened(name(), target);
            channel.replace(pipe, input.rest(), socket);
        }

        private SocketChannel connect(ProxyDialogue dialogue) throws IOException {
            try {
                return targets.connect(target, ForwardRules.ALL).channel();
            } catch (IOException e) {
                dialogue.refused(e);
                throw e;
            }
        }

        /// The program has its answer, and closes. A reset could overtake the answer.
        private void endAfterAnswer(PipeEnd pipe) {
            try (OutputStream dropped = OutputStream.nullOutputStream()) {
                pipe.output().close();
                pipe.input(DIALOGUE_TIMEOUT).transferTo(dropped);
            } catch (IOException e) {
                channel.stop();
            }
        }

        private void failed(IOException cause) {
            forwards.countFailure();
            if (toldInMinute.incrementAndGet() <= FAILURES_A_MINUTE) {
                config.events().failed(name(), cause);
            }
        }

        @Override
        public void opened() {
            forwards.begun(channel);
            if (spec.target().isPresent()) {
                config.events().opened(name(), target);
            }
        }

        @Override
        public void refused(Refusal refusal, String reason) {
            // Told by #connect.
        }

        @Override
        public void ended(RelayEnd end) {
            forwards.ended(channel);
            if (target != null) {
                config.events().ended(name(), target, end, channel.bytesToTunnel(), channel.bytesToPlain());
            }
        }
    }
}
