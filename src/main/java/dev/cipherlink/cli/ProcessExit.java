package dev.cipherlink.cli;

import com.sun.jna.NativeLibrary;

/// Ends the process.
///
/// On its way out the JVM waits 300 ms for threads that are in native code, and the thread that waits for the sockets
/// of all virtual threads is there for ever: more than a request takes from start to end. So the launcher lets commands
/// that end after one answer leave by `_exit` of the C library. They have flushed what they print, and nothing else is
/// left to do.
final class ProcessExit {

    /// Set by the launcher for commands that need no orderly end of the JVM.
    private static final String AT_ONCE_PROPERTY = "cipherlink.exit-at-once";

    private ProcessExit() {
    }

    /// Does not return.
    static void exit(int status) {
        if (Boolean.getBoolean(AT_ONCE_PROPERTY)) {
            System.out.flush();
            System.err.flush();
            NativeLibrary.getProcess().getFunction("_exit").invokeVoid(new Object[] {status});
        }
        System.exit(status);
    }
}
