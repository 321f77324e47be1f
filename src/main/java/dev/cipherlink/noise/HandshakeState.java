package dev.cipherlink.noise;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.noise.Suite.HandshakePattern.Token;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.security.SecureRandom;
import java.util.Arrays;
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
    /// @throws IOException if the static secret is kept elsewhere and cannot be used now
    /// @throws IllegalStateException if it is not this side's turn
    /// @throws IllegalArgumentException if the message would be larger than 65,535 bytes
    public byte[] writeMessage(byte[] payload) throws IOException {
        return attempt(Step.WRITE_MESSAGE, draft -> {
            byte[] message = draft.write(suite.pattern().message(messages), suite.pattern().messageBytes(messages), payload);
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
    /// @throws IOException as [#writeMessage]
    /// @throws IllegalStateException if it is not the peer's turn
    public byte[] readMessage(byte[] message) throws IOException {
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
        byte[] on(Transcript draft) throws IOException;
    }

    /// Processes one message on a copy, which replaces the state only if the whole message is valid.
    private byte[] attempt(Step step, Work work) throws IOException {
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

    /// The state of one side of a handshake, and the processing of one message (Noise 5.3).
    ///
    /// [HandshakeState] processes each message on a [#copy], which replaces the original if the whole message is valid; if
    /// not, both are wiped. Not thread-safe.
    private static final class Transcript implements AutoCloseable {

        private static final byte[] NOTHING = {};

        private final SymmetricState symmetric;
        private final boolean initiator;
        private final KeyPair localStatic;
        private KeyPair localEphemeral;
        private byte[] remoteEphemeral;
        private byte[] remoteStatic;
        /// `e1`: the key pair on the initiator's side, the encapsulation key on the responder's. Null in pattern XX.
        private MlKem768 localKem;
        private byte[] remoteKem;
        /// Null for the JDK's own generator; set by test vectors only.
        private SecureRandom kemRandom;

        /// The state before the first message, with the prologue mixed in.
        Transcript(HandshakeState.Parameters parameters, KeyPair localStatic) {
            this.symmetric = new SymmetricState(parameters.suite());
            this.initiator = parameters.initiator();
            this.localStatic = localStatic;
            symmetric.mixHash(parameters.prologue());
        }

        private Transcript(Transcript original) {
            symmetric = original.symmetric.copy();
            initiator = original.initiator;
            localStatic = original.localStatic;
            localEphemeral = original.localEphemeral;
            remoteEphemeral = original.remoteEphemeral;
            remoteStatic = original.remoteStatic;
            localKem = original.localKem;
            remoteKem = original.remoteKem;
            kemRandom = original.kemRandom;
        }

        Transcript copy() {
            return new Transcript(this);
        }

        /// Replaces randomness by given values; the key pair belongs to this handshake from now on.
        void fix(KeyPair ephemeral, SecureRandom random) {
            localEphemeral = ephemeral;
            kemRandom = random;
        }

        /// The peer's static public key, or null before the message that carries it.
        byte[] remoteStatic() {
            return remoteStatic;
        }

        byte[] handshakeHash() {
            return symmetric.handshakeHash();
        }

        SymmetricState.CipherPair split(Suite suite) {
            return symmetric.split(suite);
        }

        /// `WriteMessage`.
        ///
        /// @param bytes of the message without its payload
        /// @throws ProtocolException if a key that the peer sent earlier is unusable: an all-zero shared secret, or an
        ///         encapsulation key out of range
        byte[] write(List<Token> tokens, int bytes, byte[] payload) throws IOException {
            var message = new ByteArrayOutputStream(bytes + payload.length);
            for (Token token : tokens) {
                message.writeBytes(switch (token) {
                    case E -> writeEphemeral();
                    case E1 -> {
                        localKem = MlKem768.generate(kemRandom);
                        yield symmetric.encryptAndHash(localKem.encapsulationKey());
                    }
                    case EKEM1 -> encapsulate();
                    case S -> symmetric.encryptAndHash(localStatic.publicKey());
                    case EE, ES, SE -> {
                        mixSharedSecret(token);
                        yield NOTHING;
                    }
                });
            }
            message.writeBytes(symmetric.encryptAndHash(payload));
            return message.toByteArray();
        }

        /// `ReadMessage`.
        ///
        /// @return the payload
        /// @throws ProtocolException if the message is too short, does not authenticate or gives an all-zero shared secret
        byte[] read(List<Token> tokens, byte[] message) throws IOException {
            int position = 0;
            for (Token token : tokens) {
                position += switch (token) {
                    case E -> {
                        remoteEphemeral = field(message, position, KeyPair.KEY_BYTES);
                        symmetric.mixHash(remoteEphemeral);
                        yield KeyPair.KEY_BYTES;
                    }
                    case E1 -> {
                        int length = MlKem768.ENCAPSULATION_KEY_BYTES + symmetric.tagBytes();
                        remoteKem = symmetric.decryptAndHash(field(message, position, length));
                        yield length;
                    }
                    case EKEM1 -> {
                        int length = MlKem768.CIPHERTEXT_BYTES + symmetric.tagBytes();
                        mix(localKem.decapsulate(symmetric.decryptAndHash(field(message, position, length))));
                        yield length;
                    }
                    case S -> {
                        int length = KeyPair.KEY_BYTES + symmetric.tagBytes();
                        remoteStatic = symmetric.decryptAndHash(field(message, position, length));
                        yield length;
                    }
                    case EE, ES, SE -> {
                        mixSharedSecret(token);
                        yield 0;
                    }
                };
            }
            return symmetric.decryptAndHash(field(message, position, message.length - position));
        }

        private byte[] writeEphemeral() {
            if (localEphemeral == null) {
                localEphemeral = KeyPair.generate();
            }
            byte[] publicKey = localEphemeral.publicKey();
            symmetric.mixHash(publicKey);
            return publicKey;
        }

        private void mixSharedSecret(Token token) throws IOException {
            boolean ours = token == Token.EE || (token == Token.ES) == initiator;
            boolean theirs = token == Token.EE || (token == Token.SE) == initiator;
            mix((ours ? localEphemeral : localStatic).dh(theirs ? remoteEphemeral : remoteStatic));
        }

        /// @return the ciphertext, encrypted
        private byte[] encapsulate() throws ProtocolException {
            var made = MlKem768.encapsulate(remoteKem, kemRandom);
            byte[] sealed = symmetric.encryptAndHash(made.ciphertext());
            mix(made.sharedSecret());
            return sealed;
        }

        /// `MixKey`, which also wipes the secret.
        private void mix(byte[] secret) {
            symmetric.mixKey(secret);
            Arrays.fill(secret, (byte) 0);
        }

        private static byte[] field(byte[] message, int position, int length) throws ProtocolException {
            if (message.length - position < length) {
                throw new ProtocolException("a handshake message of " + message.length + " bytes is cut short");
            }
            return Arrays.copyOfRange(message, position, position + length);
        }

        /// Wipes the parts of which the replacing copy has its own; the ephemeral key pair and the JDK cipher are shared.
        void wipe() {
            symmetric.wipe();
        }

        /// Wipes everything except the static key pair, which belongs to the caller.
        @Override
        public void close() {
            symmetric.close();
            if (localEphemeral != null) {
                localEphemeral.close();
            }
            if (localKem != null) {
                localKem.close();
            }
        }
    }
}
