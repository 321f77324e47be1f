package dev.cipherlink.console;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;

/// Reacts to signals, by JLine, which reaches `sun.misc.Signal` where the JVM has it; elsewhere the JVM's own reaction stays.
///
/// A shutdown hook would not do: it cannot set the exit status, and does not hear a second signal.
public final class Signals {
    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;

    private Signals() {
    }

    /// The first SIGINT or SIGTERM runs `stop` on a thread of its own; a second one ends the process at once, with 128 and its
    /// number.
    public static void onTermination(Runnable stop) {
        Reaction reaction = new Reaction(stop);
        handle("INT", () -> reaction.received(SIGINT));
        handle("TERM", () -> reaction.received(SIGTERM));
    }

    private static final class Reaction {
        private final Runnable stop;
        private boolean stopping;

        Reaction(Runnable stop) {
            this.stop = stop;
        }

        synchronized void received(int number) {
            if (stopping) {
                Runtime.getRuntime().halt(128 + number);
            }
            stopping = true;
            Thread.ofPlatform().name("cipherlink-stop").start(stop);
        }
    }

    /// Each SIGHUP runs `react` on a thread of its own, and ends nothing.
    public static void onHangUp(Runnable react) {
        handle("HUP", () -> Thread.ofPlatform().name("cipherlink-hangup").start(react));
    }

    /// Each SIGUSR1 runs `report` on a thread of its own.
    public static void onUserSignal(Runnable report) {
        handle("USR1", () -> Thread.ofPlatform().name("cipherlink-report").start(report));
    }

    /// SIGUSR1 would end the process. SIGUSR2 is the JVM's own, which does nothing if it comes from elsewhere.
    public static void ignoreUserSignal() {
        handle("USR1", () -> { });
    }

    private static void handle(String name, Runnable reaction) {
        org.jline.utils.Signals.register(name, reaction);
    }

    /// Stops the process as Ctrl-Z does where nothing handles it, with the terminal as the shell wants it meanwhile. Blocks until
    /// the process goes on; where there is no shell that could let it go on, that is at once.
    ///
    /// @param cooked how the terminal was when the program was started
    public static void stop(Terminal terminal, Attributes cooked) {
        Attributes ours = terminal.getAttributes();
        terminal.setAttributes(cooked);
        terminal.flush();
        Object handler = org.jline.utils.Signals.registerDefault("TSTP");
        try {
            raiseStop();
        } finally {
            org.jline.utils.Signals.unregister("TSTP", handler);
            terminal.setAttributes(ours);
        }
    }

    /// The JVM's own way raises only signals that it handles.
    @SuppressWarnings("restricted")
    private static void raiseStop() {
        int number = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? 18 : 20; // SIGTSTP
        Linker linker = Linker.nativeLinker();
        MethodHandle raise = linker.downcallHandle(linker.defaultLookup().findOrThrow("raise"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        try {
            int _ = (int) raise.invokeExact(number);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
