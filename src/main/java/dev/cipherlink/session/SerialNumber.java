package dev.cipherlink.session;

import dev.cipherlink.message.Message;

/// Arithmetic on 16-bit sequence numbers (RFC 1982).
final class SerialNumber {

    private SerialNumber() {
    }

    static int next(int number) {
        return (number + 1) % Message.SEQUENCE_MODULUS;
    }

    static int previous(int number) {
        return (number + Message.SEQUENCE_MODULUS - 1) % Message.SEQUENCE_MODULUS;
    }

    /// How far `to` is ahead of `from`: -32,768 .. 32,767, negative if it is behind.
    static int distance(int from, int to) {
        return (short) (to - from);
    }
}
