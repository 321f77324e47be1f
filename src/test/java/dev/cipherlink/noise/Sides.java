package dev.cipherlink.noise;

import dev.cipherlink.crypto.KeyPair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Both sides of one handshake; [#run] lets the first messages go through.
record Sides(HandshakeState initiator, HandshakeState responder) {

    static final byte[] PROLOGUE = "prologue".getBytes(StandardCharsets.US_ASCII);
    static final KeyPair INITIATOR_KEYS = KeyPair.generate();
    static final KeyPair RESPONDER_KEYS = KeyPair.generate();

    static Sides of(Suite suite) {
        return new Sides(HandshakeState.initiator(suite, PROLOGUE, INITIATOR_KEYS),
                HandshakeState.responder(suite, PROLOGUE, RESPONDER_KEYS));
    }

    static Sides after(int messages, Suite suite) throws IOException {
        return of(suite).run(messages);
    }

    Sides run(int messages) throws IOException {
        for (int i = 0; i < messages; i++) {
            receiver(i).readMessage(sender(i).writeMessage(new byte[0]));
        }
        return this;
    }

    HandshakeState sender(int message) {
        return message % 2 == 0 ? initiator : responder;
    }

    HandshakeState receiver(int message) {
        return message % 2 == 0 ? responder : initiator;
    }
}
