package dev.cipherlink.chat;

/// What a request leads to once it is known whether it became durable.
@FunctionalInterface
interface Effect {

    /// @param isKept whether it is durable; else none of it has happened
    void settle(boolean isKept);

    /// Takes back what was done at once, if the request failed.
    static Effect takenBack(Runnable undo) {
        return isKept -> {
            if (!isKept) {
                undo.run();
            }
        };
    }
}
