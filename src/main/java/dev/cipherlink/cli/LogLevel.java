package dev.cipherlink.cli;

/// How much is logged: the levels of `java.util.logging` under the names of `System.Logger`.
enum LogLevel {
    ERROR("SEVERE"), WARNING("WARNING"), INFO("INFO"), DEBUG("FINE"), TRACE("ALL");

    private final String julName;

    LogLevel(String julName) {
        this.julName = julName;
    }

    String julName() {
        return julName;
    }

    /// A client is silent unless something is wrong.
    static LogLevel forClient(int verbosity) {
        return at(WARNING.ordinal() + verbosity);
    }

    /// A server says what happens.
    static LogLevel forServer(int verbosity) {
        return at(INFO.ordinal() + verbosity);
    }

    private static LogLevel at(int index) {
        return values()[Math.clamp(index, 0, values().length - 1)];
    }
}
