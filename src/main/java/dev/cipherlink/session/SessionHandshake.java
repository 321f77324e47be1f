package dev.cipherlink.session;

import dev.cipherlink.channel.NoiseChannel;
import dev.cipherlink.channel.SecureChannel;
import dev.cipherlink.channel.SharedKeyChannel;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.Sodium;
import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.Extras;
import dev.cipherlink.message.Syn.SynAck;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// SYN, SYN_ACK, ACK on a fresh channel (`docs/protocol.md`, section 3). The two sides are mirror images.
///
/// Both methods block without a time limit of their own ([#within] sets one), and leave the channel established. No other message is
/// accepted in between.
public final class SessionHandshake {

    private static final int SESSION_ID_DIGITS = 32;

    private SessionHandshake() {
    }

    /// Runs the handshakes of a connection under one absolute deadline: when it passes, their thread is interrupted, which closes
    /// the socket that it is using. Blocks.
    ///
    /// @throws TimeoutException     if it passed
    /// @throws ExecutionException   with what the handshakes threw
    /// @throws InterruptedException if the calling thread is interrupted; the handshakes are too
    public static <T> T within(Duration limit, Callable<T> handshakes)
            throws InterruptedException, ExecutionException, TimeoutException {
        return Thread.currentThread().isVirtual() ? new Deadline().within(limit, handshakes) : inVirtualThread(limit, handshakes);
    }

    /// Interrupts the thread of handshakes, which has no other thread that waits for it.
    private static final class Deadline {
        /// Null when the handshakes have ended.
        private Thread thread = Thread.currentThread();
        private boolean hasPassed;

        private <T> T within(Duration limit, Callable<T> handshakes)
                throws InterruptedException, ExecutionException, TimeoutException {
            Future<?> alarm = Timer.after(limit.toNanos(), this::pass);
            T result = null;
            Throwable failure = null;
            try {
                result = handshakes.call();
            } catch (Exception | Error e) {
                failure = e;
            }
            alarm.cancel(false);
            if (hasPassedAtEnd()) {
                throw new TimeoutException();
            }
            if (failure != null && Thread.interrupted()) {
                throw new InterruptedException("interrupted during the handshakes");
            }
            if (failure != null) {
                throw new ExecutionException(failure);
            }
            return result;
        }

        private synchronized void pass() {
            if (thread != null) {
                hasPassed = true;
                thread.interrupt();
            }
        }

        /// From now on the thread is not interrupted, and has no interrupt of this deadline.
        private synchronized boolean hasPassedAtEnd() {
            thread = null;
            if (hasPassed) {
                Thread.interrupted();
            }
            return hasPassed;
        }
    }

    /// For a platform thread, whose socket an interrupt does not close.
    private static <T> T inVirtualThread(Duration limit, Callable<T> handshakes)
            throws InterruptedException, ExecutionException, TimeoutException {
        try (var thread = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                return thread.submit(handshakes).get(limit.toNanos(), TimeUnit.NANOSECONDS);
            } finally {
                thread.shutdownNow();
            }
        }
    }

    /// The outcome of a server's handshake.
    public record Result(SynAck.Granted granted, Syn syn) {
    }

    /// Decides what a server grants.
    @FunctionalInterface
    public interface Policy {
        /// @param sessionId the id of the session if it is a new one
        /// @throws IOException if the connection is to end without an answer: the client may try again
        SynAck answer(Syn syn, String sessionId) throws IOException;
    }

    /// The client's side.
    ///
    /// @throws RefusedException       if the server refused, with its reason
    /// @throws NotAuthorizedException if it does not know our key
    /// @throws ProtocolException if the server broke the rules
    /// @throws EOFException      if the server closed the connection instead of answering
    public static SynAck.Granted connect(SecureChannel channel, Syn syn) throws IOException {
        var codec = new MessageCodec(Checksum.Algorithm.MD5);
        boolean isShared = channel.version() == SharedKeyChannel.VERSION;
        String challenge = isShared ? randomId() : "";
        Extras offered = isShared ? Extras.NONE : new Extras(true, syn.extras().pads());
        send(channel, codec, MessageType.SYN, HandshakeJson.encode(syn.challenging(challenge).with(offered)));
        SynAck answer = HandshakeJson.decodeSynAck(receive(channel, codec, MessageType.SYN_ACK));
        return switch (answer) {
            case SynAck.Refused refused -> throw new RefusedException(refused.reason(), refused.code());
            case SynAck.Granted granted -> {
                requireWithin(syn.wishes(), granted.parameters());
                boolean isCounted = isShared && granted.challenge() != null;
                if (isCounted && !granted.challenge().equals(challenge)) {
                    throw new ProtocolException("the server's answer is one to another handshake");
                }
                send(channel, codec, MessageType.ACK, HandshakeJson.encode(
                        new HandshakeJson.Echo(granted.sessionId(), isCounted)));
                if (isCounted) {
                    channel.requireOrder();
                }
                channel.establish(granted.parameters().maxMessageBytes());
                agree(channel, granted.extras().and(offered), granted.parameters());
                yield isSessionOf(syn, granted) ? granted.answering(syn.resume().sessionId(), null) : granted;
            }
        };
    }

    private static void agree(SecureChannel channel, Extras extras, SessionParameters parameters) {
        if (channel instanceof NoiseChannel noise) {
            noise.agree(extras.rekeysByTime(), extras.pads() ? parameters.maxMessageBytes() : 0);
        }
    }

    /// Whether the session that was asked for is resumed: the server may have put random digits behind its id.
    private static boolean isSessionOf(Syn syn, SynAck.Granted granted) {
        return syn.resume() != null && granted.isResumed() && granted.sessionId().startsWith(syn.resume().sessionId());
    }

    /// A server need not know the checksum that was wished for: the default is always allowed.
    private static void requireWithin(SessionParameters wishes, SessionParameters granted) throws ProtocolException {
        boolean isChecksumFit = granted.checksum() == wishes.checksum()
                || granted.checksum() == Checksum.Algorithm.MD5;
        if (granted.mode() != wishes.mode() || granted.windowSize() > wishes.windowSize()
                || granted.maxMessageBytes() > wishes.maxMessageBytes() || !isChecksumFit) {
            throw new ProtocolException("the server granted what was not asked for");
        }
    }

    /// Tells a client, in place of an answer to its SYN, that it may not come in.
    public static void refuse(SecureChannel channel) throws IOException {
        send(channel, new MessageCodec(Checksum.Algorithm.MD5), MessageType.ERROR,
                Reply.error("not authorized").payload());
    }

    /// The server's side. A SYN that is malformed or refused is answered with the reason before this throws.
    ///
    /// @throws ProtocolException if the client broke the rules or was refused
    /// @throws EOFException      if the client went away
    public static Result accept(SecureChannel channel, Policy policy) throws IOException {
        var codec = new MessageCodec(Checksum.Algorithm.MD5);
        Payload json = receive(channel, codec, MessageType.SYN);
        Syn syn;
        try {
            syn = HandshakeJson.decodeSyn(json);
        } catch (ProtocolException e) {
            send(channel, codec, MessageType.SYN_ACK, HandshakeJson.encode(new SynAck.Refused(e.getMessage())));
            throw e;
        }
        SynAck answer = policy.answer(syn, randomId());
        if (answer instanceof SynAck.Granted granted && channel.version() == SharedKeyChannel.VERSION) {
            // The echo proves that the client is there now: the id alone of a resumed session may be known from a recording.
            answer = granted.answering(granted.sessionId() + (granted.isResumed() ? randomId() : ""), syn.challenge());
        } else if (answer instanceof SynAck.Granted granted) {
            boolean hasMessages = syn.wishes().mode() == OperationMode.BURST || syn.wishes().mode() == OperationMode.STEP_BY_STEP;
            answer = granted.with(new Extras(syn.extras().rekeysByTime(), hasMessages && syn.extras().pads()));
        }
        send(channel, codec, MessageType.SYN_ACK, HandshakeJson.encode(answer));
        return switch (answer) {
            case SynAck.Refused refused -> throw new ProtocolException("refused: " + refused.reason());
            case SynAck.Granted granted -> {
                HandshakeJson.Echo echo = HandshakeJson.decodeEcho(receive(channel, codec, MessageType.ACK));
                if (!echo.sessionId().equals(granted.sessionId())) {
                    throw new ProtocolException("the session id was not echoed: a replayed or broken handshake");
                }
                if (echo.isCounted()) {
                    channel.requireOrder();
                }
                channel.establish(granted.parameters().maxMessageBytes());
                agree(channel, granted.extras(), granted.parameters());
                yield new Result(granted, syn);
            }
        };
    }

    /// The id of the session that a client asks for, without random digits behind it.
    public static String sessionId(Syn.Resume resume) {
        String id = resume.sessionId();
        return id.length() > SESSION_ID_DIGITS ? id.substring(0, SESSION_ID_DIGITS) : id;
    }

    private static String randomId() {
        var id = new byte[SESSION_ID_DIGITS / 2];
        Sodium.randomBytes(id);
        return HexFormat.of().formatHex(id);
    }

    private static void send(SecureChannel channel, MessageCodec codec, MessageType type, byte[] payload)
            throws IOException {
        int offset = channel.reserve(MessageCodec.encodedBytes(payload.length));
        codec.encode(Message.of(type, 0, Payload.of(payload)), channel.reserved(), offset);
        channel.stage();
        channel.writeStaged();
    }

    private static Payload receive(SecureChannel channel, MessageCodec codec, MessageType expected) throws IOException {
        if (!channel.receive()) {
            throw new EOFException("the connection was closed during the handshake");
        }
        Message message = codec.decode(channel.received(), 0, channel.receivedBytes());
        if (message.type() == MessageType.ERROR && message.sequence() == 0 && message.intact()) {
            throw new NotAuthorizedException(message.payload().text().strip());
        }
        if (message.type() != expected || message.sequence() != 0 || !message.intact()
                || MessageCodec.encodedBytes(message.payload().length()) != channel.receivedBytes()) {
            throw new ProtocolException(message.type() + " where " + expected + " is expected");
        }
        return message.payload();
    }

    /// The server does not know our key. This is the only reason for ERROR in place of an answer to SYN.
    public static final class NotAuthorizedException extends IOException {
        private static final long serialVersionUID = 1;

        NotAuthorizedException(String reason) {
            super(reason);
        }
    }

    /// The peer ended the connection and said why.
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1;

        private final String code;

        public RefusedException(String reason) {
            this(reason, "");
        }

        RefusedException(String reason, String code) {
            super(reason);
            this.code = code;
        }

        /// One word for programs; empty if the peer gave none.
        public String code() {
            return code;
        }
    }
}
