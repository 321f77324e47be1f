package dev.cipherlink.noise;

import static dev.cipherlink.noise.HandshakePattern.Token.E;
import static dev.cipherlink.noise.HandshakePattern.Token.EE;
import static dev.cipherlink.noise.HandshakePattern.Token.ES;
import static dev.cipherlink.noise.HandshakePattern.Token.S;
import static dev.cipherlink.noise.HandshakePattern.Token.SE;

import java.util.List;

/// A handshake as data: for each message, in turn from initiator and responder, its tokens in order (Noise 7.1).
enum HandshakePattern {

    /// `-> e`, `<- e, ee, s, es`, `-> s, se` (Noise 7.5).
    XX(List.of(List.of(E), List.of(E, EE, S, ES), List.of(S, SE)));

    /// What a message carries or mixes in; in the pairs the first letter is the initiator's key.
    enum Token {
        /// The sender's ephemeral public key, in the clear.
        E,
        /// The sender's static public key, encrypted if there is a key by now.
        S,
        /// Diffie-Hellman of both ephemerals.
        EE,
        /// Diffie-Hellman of the initiator's ephemeral and the responder's static.
        ES,
        /// Diffie-Hellman of the initiator's static and the responder's ephemeral.
        SE
    }

    private final List<List<Token>> messages;

    HandshakePattern(List<List<Token>> messages) {
        this.messages = messages;
    }

    /// Messages until both sides split.
    int messageCount() {
        return messages.size();
    }

    /// The tokens of message `index`, counted from 0; even ones come from the initiator.
    List<Token> message(int index) {
        return messages.get(index);
    }
}
