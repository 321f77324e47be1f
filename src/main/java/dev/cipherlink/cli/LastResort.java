package dev.cipherlink.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Ends the process when one of its platform threads has died for want of memory. It may be one on which all virtual threads run,
/// or the one that waits for their sockets: then the process would live on and serve nobody. What the store has acknowledged
/// survives this as it survives SIGKILL.
final class LastResort {
    private static final byte[] MESSAGE = ("cipherlink: out of memory, and a thread that the process needs has died\n"
            + "  try: start it again with more: CIPHERLINK_JAVA_OPTS=-Xmx2g\n").getBytes(StandardCharsets.US_ASCII);
    private static final FileOutputStream STDERR = new FileOutputStream(FileDescriptor.err);

    private LastResort() {
    }

    static void install() {
        Thread.setDefaultUncaughtExceptionHandler(LastResort::uncaught);
    }

    private static void uncaught(Thread thread, Throwable failure) {
        if (failure instanceof OutOfMemoryError && !thread.isVirtual()) {
            end();
        }
        System.err.print("Exception in thread \"" + thread.getName() + "\" ");
        failure.printStackTrace();
    }

    /// Asks for no memory.
    private static void end() {
        try {
            STDERR.write(MESSAGE);
        } catch (IOException e) {
            // There is nobody to tell.
        } finally {
            Runtime.getRuntime().halt(ExitStatus.BUG.code());
        }
    }
}
