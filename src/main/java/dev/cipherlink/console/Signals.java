package dev.cipherlink.console;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Proxy;
import java.util.function.IntConsumer;

/// Reacts to SIGINT and SIGTERM, to SIGHUP, and to SIGUSR1.
///
/// A shutdown hook would not do: it cannot set the exit status, and does not hear a second signal. `sun.misc.Signal`
/// (module `jdk.unsupported`) is reached by reflection, since the compiler warns of it in a way that cannot be turned
/// off. Where it is missing, the JVM's own reaction stays.
public final class Signals {

    private Signals() {
    }

    /// The first signal runs `stop` on a thread of its own; a second one ends the process at once, with 128 and its
    /// number.
    public static void onTermination(Runnable stop) {
        Reaction reaction = new Reaction(stop);
        handle("INT", reaction::received);
        handle("TERM", reaction::received);
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
        handle("HUP", _ -> Thread.ofPlatform().name("cipherlink-hangup").start(react));
    }

    /// Each SIGUSR1 runs `report` on a thread of its own.
    public static void onUserSignal(Runnable report) {
        handle("USR1", _ -> Thread.ofPlatform().name("cipherlink-report").start(report));
    }

    /// Stops the process as Ctrl-Z does where nothing handles it. Blocks until it goes on; where there is no shell that could
    /// let it go on, that is at once.
    static void stop() {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object signal = signalType.getConstructor(String.class).newInstance("TSTP");
            var handle = signalType.getMethod("handle", signalType, handlerType);
            Object handler = handle.invoke(null, signal, handlerType.getField("SIG_DFL").get(null));
            try {
                raise((Integer) signalType.getMethod("getNumber").invoke(signal));
            } finally {
                handle.invoke(null, signal, handler);
            }
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            System.getLogger(Signals.class.getName()).log(System.Logger.Level.DEBUG, "cannot stop", e);
        }
    }

    /// The JVM's own way raises only signals that it handles.
    @SuppressWarnings("restricted")
    private static void raise(int number) {
        Linker linker = Linker.nativeLinker();
        MethodHandle raise = linker.downcallHandle(linker.defaultLookup().findOrThrow("raise"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        try {
            int _ = (int) raise.invokeExact(number);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void handle(String name, IntConsumer reaction) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object signal = signalType.getConstructor(String.class).newInstance(name);
            int number = (Integer) signalType.getMethod("getNumber").invoke(signal);
            Object handler = Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handlerType},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "handle" -> {
                            reaction.accept(number);
                            yield null;
                        }
                        case "equals" -> proxy == arguments[0];
                        case "hashCode" -> System.identityHashCode(proxy);
                        default -> "SIG" + name;
                    });
            signalType.getMethod("handle", signalType, handlerType).invoke(null, signal, handler);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            System.getLogger(Signals.class.getName()).log(System.Logger.Level.DEBUG, "SIG" + name + " is not handled", e);
        }
    }
}
