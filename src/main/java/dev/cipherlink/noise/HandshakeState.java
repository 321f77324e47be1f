package dev.cipherlink.noise;

import static dev.cipherlink.noise.HandshakeState.HandshakePattern.Token.E;
import static dev.cipherlink.noise.HandshakeState.HandshakePattern.Token.E1;
import static dev.cipherlink.noise.HandshakeState.HandshakePattern.Token.EE;
import static dev.cipherlink.noise.HandshakeState.HandshakePattern.Token.EKEM1;
import static dev.cipherlink.noise.HandshakeState.HandshakePattern.Token.ES;
import static dev.cipherlink.noise.HandshakeState.HandshakePattern.Token.S;
import static dev.cipherlink.noise.HandshakeState.HandshakePattern.Token.SE;

import dev.cipherlink.crypto.KeyPair;
import java.net.ProtocolException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;

/// One side of one Noise handshake, XX or XXhfs (Noise 5.3): three messages, then [#split].
///
/// [#next] tells what the caller has to do. The initiator can read [#remoteStatic] after message 2 and close the
/// handshake instead of writing message 3; the responder can read it after message 3. Any failure, and any call out
/// of turn, is final: the state wipes its secrets and stays [Step#DEAD].
///
/// Belongs to one thread; the caller closes it. Nothing blocks.
public final class HandshakeState implements AutoCloseable {

    /// The largest Noise message, handshake or transport (Noise 3).
    public static final int MAX_MESSAGE_BYTES = 65_535;

    /// What the caller must do next.
    public enum Step {
        /// Call [HandshakeState#writeMessage] and send the result.
        WRITE_MESSAGE,
        /// Receive a message and give it to [HandshakeState#readMessage].
        READ_MESSAGE,
        /// All messages have gone through: call [HandshakeState#split].
        SPLIT,
        /// Nothing: the handshake is complete. The peer's key and the handshake hash can still be read.
        DONE,
        /// Nothing: the handshake has failed or was closed early. Nothing can be read.
        DEAD
    }

    /// What both sides agree on before the first message, and which side this is.
    record Parameters(Suite suite, boolean initiator, byte[] prologue) {
    }

    private final Suite suite;
    private final boolean initiator;
    private Transcript transcript;
    private int messages;
    private Step next;

    HandshakeState(Parameters parameters, KeyPair localStatic) {
        this.suite = parameters.suite();
        this.initiator = parameters.initiator();
        this.transcript = new Transcript(parameters, Objects.requireNonNull(localStatic));
        this.next = stepAfter(0);
    }

    /// For known answers only: an ephemeral key pair that is not random, and the source of what ML-KEM takes.
    HandshakeState(Parameters parameters, KeyPair localStatic, KeyPair ephemeral, SecureRandom kemRandom) {
        this(parameters, localStatic);
        transcript.fix(ephemeral, kemRandom);
    }

    /// The side that sends message 1.
    ///
    /// @param prologue bytes that both sides must agree on (Noise 6); `docs/protocol.md` section 1 says which
    /// @param localStatic stays the caller's, who keeps it open until the handshake is over
    public static HandshakeState initiator(Suite suite, byte[] prologue, KeyPair localStatic) {
        return new HandshakeState(new Parameters(suite, true, prologue), localStatic);
    }

    /// The side that waits for message 1; parameters as for [#initiator].
    public static HandshakeState responder(Suite suite, byte[] prologue, KeyPair localStatic) {
        return new HandshakeState(new Parameters(suite, false, prologue), localStatic);
    }

    /// What the caller must do next.
    public Step next() {
        return next;
    }

    /// Makes the next message.
    ///
    /// @param payload bytes to carry along; message 1 does not protect them at all, message 2 not from an active
    ///        attacker
    /// @return the message, at most 65,535 bytes
    /// @throws ProtocolException if a key that the peer sent is unusable (all-zero shared secret, KEM key out of range)
    /// @throws IllegalStateException if it is not this side's turn
    /// @throws IllegalArgumentException if the message would be larger than 65,535 bytes
    public byte[] writeMessage(byte[] payload) throws ProtocolException {
        return attempt(Step.WRITE_MESSAGE, draft -> {
            byte[] message = draft.write(suite.pattern().message(messages), payload);
            if (message.length > MAX_MESSAGE_BYTES) {
                throw new IllegalArgumentException("a payload of " + payload.length + " bytes is too large");
            }
            return message;
        });
    }

    /// Takes the peer's next message.
    ///
    /// @param message the whole message, neither more nor less
    /// @return its payload
    /// @throws ProtocolException if the message is too short, too large, does not authenticate, or brings an unusable
    ///         key (all-zero shared secret)
    /// @throws IllegalStateException if it is not the peer's turn
    public byte[] readMessage(byte[] message) throws ProtocolException {
        return attempt(Step.READ_MESSAGE, draft -> {
            if (message.length > MAX_MESSAGE_BYTES) {
                throw new ProtocolException("a handshake message of " + message.length + " bytes is too large");
            }
            return draft.read(suite.pattern().message(messages), message);
        });
    }

    /// Ends the handshake and hands over the keys of the transport messages, which the caller closes.
    ///
    /// @throws IllegalStateException unless all messages have gone through
    public TransportState split() {
        require(Step.SPLIT);
        var pair = transcript.split(suite);
        transcript.close();
        next = Step.DONE;
        return initiator
                ? new TransportState(pair.first(), pair.second())
                : new TransportState(pair.second(), pair.first());
    }

    /// The peer's static public key: 32 bytes, a copy. The initiator has it from message 2 on, the responder from
    /// message 3 on: in both cases the peer has proved by then that it holds the secret.
    ///
    /// @throws IllegalStateException before that, and after a failure
    public byte[] remoteStatic() {
        if (next == Step.DEAD || transcript.remoteStatic() == null) {
            throw new IllegalStateException("the peer's static key is not known in step " + next);
        }
        return transcript.remoteStatic().clone();
    }

    /// The handshake hash, which names this session on both sides (channel binding, Noise 11.2): 64 bytes, a copy.
    ///
    /// @throws IllegalStateException before the last message, and after a failure
    public byte[] handshakeHash() {
        if (next != Step.SPLIT && next != Step.DONE) {
            throw new IllegalStateException("there is no handshake hash in step " + next);
        }
        return transcript.handshakeHash();
    }

    /// Wipes the ephemeral key and all keys derived so far. May be called again, and after [#split].
    @Override
    public void close() {
        if (next != Step.DONE) {
            next = Step.DEAD;
        }
        transcript.close();
    }

    @Override
    public String toString() {
        return "HandshakeState[" + suite + ", " + (initiator ? "initiator" : "responder") + ", " + next + "]";
    }

    /// Work on a copy of what is known.
    private interface Work {
        byte[] on(Transcript draft) throws ProtocolException;
    }

    /// Runs one message on a copy and takes the copy over only when all of it holds.
    private byte[] attempt(Step step, Work work) throws ProtocolException {
        require(step);
        var draft = transcript.copy();
        boolean holds = false;
        try {
            byte[] result = work.on(draft);
            holds = true;
            return result;
        } finally {
            if (holds) {
                transcript.wipe();
                transcript = draft;
                messages++;
                next = stepAfter(messages);
            } else {
                draft.close();
                die();
            }
        }
    }

    private void require(Step step) {
        if (next != step) {
            var found = next;
            die();
            throw new IllegalStateException(step + " out of turn: the handshake was at " + found);
        }
    }

    private void die() {
        next = Step.DEAD;
        transcript.close();
    }

    private Step stepAfter(int done) {
        if (done == suite.pattern().messageCount()) {
            return Step.SPLIT;
        }
        boolean initiatorsTurn = done % 2 == 0;
        return initiatorsTurn == initiator ? Step.WRITE_MESSAGE : Step.READ_MESSAGE;
    }

    /// A handshake as data: for each message, in turn from initiator and responder, its tokens in order (Noise 7.1).
    enum HandshakePattern {

        /// `-> e`, `<- e, ee, s, es`, `-> s, se` (Noise 7.5).
        XX("XX_25519", List.of(List.of(E), List.of(E, EE, S, ES), List.of(S, SE))),
        /// The same with an ephemeral KEM: `-> e, e1`, `<- e, ee, ekem1, s, es`, `-> s, se` (Noise extension "hfs").
        XX_HFS("XXhfs_25519+MLKEM768", List.of(List.of(E, E1), List.of(E, EE, EKEM1, S, ES), List.of(S, SE)));

        /// What a message carries or mixes in; in the pairs the first letter is the initiator's key.
        enum Token {
            /// The sender's ephemeral public key, in the clear.
            E(KeyPair.KEY_BYTES),
            /// The initiator's ephemeral encapsulation key, encrypted if there is a key by now.
            E1(MlKem768.ENCAPSULATION_KEY_BYTES),
            /// The sender's static public key, encrypted if there is a key by now.
            S(KeyPair.KEY_BYTES),
            /// Diffie-Hellman of both ephemerals.
            EE(0),
            /// A secret encapsulated to `e1`, whose ciphertext is encrypted; then it is mixed in.
            EKEM1(MlKem768.CIPHERTEXT_BYTES),
            /// Diffie-Hellman of the initiator's ephemeral and the responder's static.
            ES(0),
            /// Diffie-Hellman of the initiator's static and the responder's ephemeral.
            SE(0);

            private final int bytes;

            Token(int bytes) {
                this.bytes = bytes;
            }

            private boolean mixesKey() {
                return this == EE || this == EKEM1 || this == ES || this == SE;
            }
        }

        private final String noiseName;
        private final List<List<Token>> messages;
        private final int[] messageBytes;

        HandshakePattern(String noiseName, List<List<Token>> messages) {
            this.noiseName = noiseName;
            this.messages = messages;
            messageBytes = sizes(messages);
        }

        /// A field is followed by a tag as soon as a key was mixed in; `e` never is, and the payload always stands last.
        private static int[] sizes(List<List<Token>> messages) {
            int[] sizes = new int[messages.size()];
            boolean hasKey = false;
            for (int i = 0; i < sizes.length; i++) {
                for (Token token : messages.get(i)) {
                    boolean isSealed = hasKey && token.bytes > 0 && token != E;
                    sizes[i] += token.bytes + (isSealed ? Aead.TAG_BYTES : 0);
                    hasKey |= token.mixesKey();
                }
                sizes[i] += hasKey ? Aead.TAG_BYTES : 0;
            }
            return sizes;
        }

        /// Its name and that of the key agreement, as they stand in a protocol name.
        String noiseName() {
            return noiseName;
        }

        /// Messages until both sides split.
        int messageCount() {
            return messages.size();
        }

        /// The tokens of message `index`, counted from 0; even ones come from the initiator.
        List<Token> message(int index) {
            return messages.get(index);
        }

        /// The size of message `index` without a payload.
        int messageBytes(int index) {
            return messageBytes[index];
        }
    }
}
