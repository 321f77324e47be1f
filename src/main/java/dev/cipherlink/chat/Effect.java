package dev.cipherlink.chat;

/// What a request leads to once it is known whether it became durable.
@FunctionalInterface
interface Effect {

    /// @param isKept whether it is durable; else none of it has happened
    void settle(boolean isKept);
}
