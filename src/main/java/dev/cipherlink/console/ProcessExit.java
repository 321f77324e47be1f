package dev.cipherlink.console;

import com.sun.jna.NativeLibrary;

/// Ends the process.
///
/// A command that ends after one answer has flushed what it prints, and nothing else is left to do: the launcher lets it
/// leave at once. On its way out the JVM still waits 300 ms for threads that are in native code, and the thread that waits
/// for the sockets of all virtual threads is there for ever: more than a request takes from start to end. So after a
/// connection it is `_exit` of the C library that ends the process.
public final class ProcessExit {

    /// Set by the launcher for commands that need no orderly end of the JVM, and for which it waits.
    private static final String ONE_SHOT_PROPERTY = "cipherlink.one-shot";
    /// A JVM that cannot start ends with 1. So the launcher is told another number for our own 1, and passes on that.
    private static final int OWN_ONE = 101;

    private static volatile boolean connected;

    private ProcessExit() {
    }

    /// To be called before the process connects for the first time. Without a connection there is no such thread, and the
    /// library through which `_exit` is reached takes long to load.
    public static void expectConnections() {
        connected = true;
    }

    /// Does not return.
    public static void exit(int status) {
        if (Boolean.getBoolean(ONE_SHOT_PROPERTY)) {
            int told = status == 1 ? OWN_ONE : status;
            System.out.flush();
            System.err.flush();
            if (connected) {
                NativeLibrary.getProcess().getFunction("_exit").invokeVoid(new Object[] {told});
            }
            Runtime.getRuntime().halt(told);
        }
        System.exit(status);
    }
}
