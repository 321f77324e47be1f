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
/// [#next] says which call is due. The initiator can read [#remoteStatic] after message 2, and close the handshake
/// instead of writing message 3; the responder can read it after message 3. Any failure or call out of turn is final: the
/// state wipes its secrets and stays [Step#DEAD].
///
/// Belongs to one thread; the caller closes it. Nothing blocks.
public final class HandshakeState implements AutoCloseable {

    /// The largest Noise message, handshake or transport (Noise 3).
    public static final int MAX_MESSAGE_BYTES = 65_535;

    /// The call that is due next.
    public enum Step {
        /// Call [HandshakeState#writeMessage] and send the result.
        WRITE_MESSAGE,
        /// Receive a message and give it to [HandshakeState#readMessage].
        READ_MESSAGE,
        /// All messages were exchanged: call [HandshakeState#split].
        SPLIT,
        /// Nothing: the handshake is complete. The peer's key and the handshake hash can still be read.
        DONE,
        /// Nothing: the handshake has failed or was closed early. Nothing can be read.
        DEAD
    }

    /// The parameters that both sides must share, and the role of this side.
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

    /// For test vectors only: a fixed ephemeral key pair, and the random source of ML-KEM.
    HandshakeState(Parameters parameters, KeyPair localStatic, KeyPair ephemeral, SecureRandom kemRandom) {
        this(parameters, localStatic);
        transcript.fix(ephemeral, kemRandom);
    }

    /// The side that sends message 1.
    ///
    /// @param prologue bytes that both sides must agree on (Noise 6); `docs/protocol.md` section 1 says which
    /// @param localStatic owned by the caller, and open until the handshake is over
    public static HandshakeState initiator(Suite suite, byte[] prologue, KeyPair localStatic) {
        return new HandshakeState(new Parameters(suite, true, prologue), localStatic);
    }

    /// The side that waits for message 1; parameters as for [#initiator].
    public static HandshakeState responder(Suite suite, byte[] prologue, KeyPair localStatic) {
        return new HandshakeState(new Parameters(suite, false, prologue), localStatic);
    }

    /// The call that is due next.
    public Step next() {
        return next;
    }

    /// Makes the next message.
    ///
    /// @param payload extra data: not protected at all in message 1, not against an active attacker in message 2
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

    /// Processes the peer's next message.
    ///
    /// @param message exactly one whole message
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

    /// Ends the handshake and returns the keys of the transport messages, which the caller closes.
    ///
    /// @throws IllegalStateException unless all messages were exchanged
    public TransportState split() {
        require(Step.SPLIT);
        var pair = transcript.split(suite);
        transcript.close();
        next = Step.DONE;
        return initiator
                ? new TransportState(pair.first(), pair.second())
                : new TransportState(pair.second(), pair.first());
    }

    /// The peer's static public key: 32 bytes, a copy. Available to the initiator from message 2 on, to the responder
    /// from message 3 on: by then the peer has proved that it holds the secret key.
    ///
    /// @throws IllegalStateException before that, and after a failure
    public byte[] remoteStatic() {
        if (next == Step.DEAD || transcript.remoteStatic() == null) {
            throw new IllegalStateException("the peer's static key is not known in step " + next);
        }
        return transcript.remoteStatic().clone();
    }

    /// The handshake hash: 64 bytes, a copy. It identifies this session on both sides (channel binding, Noise 11.2).
    ///
    /// @throws IllegalStateException before the last message, and after a failure
    public byte[] handshakeHash() {
        if (next != Step.SPLIT && next != Step.DONE) {
            throw new IllegalStateException("there is no handshake hash in step " + next);
        }
        return transcript.handshakeHash();
    }

    /// Wipes the ephemeral key and all keys derived so far. Idempotent, and allowed after [#split].
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

    /// One message, processed on a copy of the state.
    private interface Work {
        byte[] on(Transcript draft) throws ProtocolException;
    }

    /// Processes one message on a copy, which replaces the state only if the whole message is valid.
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

    /// A handshake pattern as data: the tokens of each message in order, beginning with the initiator's (Noise 7.1).
    enum HandshakePattern {

        /// `-> e`, `<- e, ee, s, es`, `-> s, se` (Noise 7.5).
        XX("XX_25519", List.of(List.of(E), List.of(E, EE, S, ES), List.of(S, SE))),
        /// The same with an ephemeral KEM: `-> e, e1`, `<- e, ee, ekem1, s, es`, `-> s, se` (Noise extension "hfs").
        XX_HFS("XXhfs_25519+MLKEM768", List.of(List.of(E, E1), List.of(E, EE, EKEM1, S, ES), List.of(S, SE)));

        /// A message's fields and key agreements; in the two-letter tokens the first letter stands for the initiator's
        /// key.
        enum Token {
            /// The sender's ephemeral public key, in the clear.
            E(KeyPair.KEY_BYTES),
            /// The initiator's ephemeral encapsulation key, encrypted if there is a key already.
            E1(MlKem768.ENCAPSULATION_KEY_BYTES),
            /// The sender's static public key, encrypted if there is a key already.
            S(KeyPair.KEY_BYTES),
            /// Diffie-Hellman of both ephemerals.
            EE(0),
            /// The ciphertext, encrypted, of a secret encapsulated to `e1`; the secret is then mixed in.
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

        /// A field has a tag once a key was mixed in, except `e`. The payload is always last.
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

        /// The pattern and the key agreement, as written in a protocol name.
        String noiseName() {
            return noiseName;
        }

        /// Number of messages before the split.
        int messageCount() {
            return messages.size();
        }

        /// The tokens of message `index`, from 0; the initiator sends the even ones.
        List<Token> message(int index) {
            return messages.get(index);
        }

        /// The size of message `index` without a payload.
        int messageBytes(int index) {
            return messageBytes[index];
        }
    }
}
