package dev.cipherlink.noise;

import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.noise.HandshakeState.HandshakePattern.Token;
import java.io.ByteArrayOutputStream;
import java.net.ProtocolException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;

/// The state of one side of a handshake, and the processing of one message (Noise 5.3).
///
/// [HandshakeState] processes each message on a [#copy], which replaces the original if the whole message is valid; if
/// not, both are wiped. Not thread-safe.
final class Transcript implements AutoCloseable {

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
    /// @throws ProtocolException if a key that the peer sent earlier is unusable: an all-zero shared secret, or an
    ///         encapsulation key out of range
    byte[] write(List<Token> tokens, byte[] payload) throws ProtocolException {
        var message = new ByteArrayOutputStream();
        for (Token token : tokens) {
            switch (token) {
                case E -> message.writeBytes(writeEphemeral());
                case E1 -> {
                    localKem = MlKem768.generate(kemRandom);
                    message.writeBytes(symmetric.encryptAndHash(localKem.encapsulationKey()));
                }
                case EKEM1 -> message.writeBytes(encapsulate());
                case S -> message.writeBytes(symmetric.encryptAndHash(localStatic.publicKey()));
                case EE, ES, SE -> mixSharedSecret(token);
            }
        }
        message.writeBytes(symmetric.encryptAndHash(payload));
        return message.toByteArray();
    }

    /// `ReadMessage`.
    ///
    /// @return the payload
    /// @throws ProtocolException if the message is too short, does not authenticate or gives an all-zero shared secret
    byte[] read(List<Token> tokens, byte[] message) throws ProtocolException {
        int position = 0;
        for (Token token : tokens) {
            switch (token) {
                case E -> {
                    remoteEphemeral = field(message, position, KeyPair.KEY_BYTES);
                    position += KeyPair.KEY_BYTES;
                    symmetric.mixHash(remoteEphemeral);
                }
                case E1 -> {
                    int length = MlKem768.ENCAPSULATION_KEY_BYTES + symmetric.tagBytes();
                    remoteKem = symmetric.decryptAndHash(field(message, position, length));
                    position += length;
                }
                case EKEM1 -> {
                    int length = MlKem768.CIPHERTEXT_BYTES + symmetric.tagBytes();
                    mix(localKem.decapsulate(symmetric.decryptAndHash(field(message, position, length))));
                    position += length;
                }
                case S -> {
                    int length = KeyPair.KEY_BYTES + symmetric.tagBytes();
                    remoteStatic = symmetric.decryptAndHash(field(message, position, length));
                    position += length;
                }
                case EE, ES, SE -> mixSharedSecret(token);
            }
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

    private void mixSharedSecret(Token token) throws ProtocolException {
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
