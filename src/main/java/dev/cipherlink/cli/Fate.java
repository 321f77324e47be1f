package dev.cipherlink.cli;

/// What became of a message that was typed here.
sealed interface Fate {

    /// How a program that was to send this message, and nothing else, would end.
    default ExitStatus status() {
        return switch (this) {
            case Queued _, Stored _, Delivered _ -> ExitStatus.DONE;
            case Failed _ -> ExitStatus.REFUSED;
            case Unknown _ -> ExitStatus.UNKNOWN_OUTCOME;
        };
    }

    /// It has not been sent, or has no answer yet.
    record Queued() implements Fate {
    }

    /// The server has it.
    record Stored() implements Fate {
    }

    /// It is with who it was for.
    record Delivered() implements Fate {
    }

    /// The server refused it, or it was never sent.
    record Failed(String why) implements Fate {
    }

    /// It was sent, and the connection was lost before the answer came.
    record Unknown() implements Fate {
    }
}
