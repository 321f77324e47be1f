package dev.cipherlink.cli;

/// What is closed at the end, in an order that a `try` gives, without failing.
interface Closing extends AutoCloseable {
    @Override
    void close();
}
