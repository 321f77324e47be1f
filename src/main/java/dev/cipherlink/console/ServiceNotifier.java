package dev.cipherlink.console;

import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/// Tells the service manager how a server fares, as sd_notify(3) does: one datagram for each change, to the socket that the
/// variable `NOTIFY_SOCKET` names. Without that variable nothing is sent, and no native code is called.
///
/// The JDK has Unix domain sockets for streams only, so the C library sends the datagrams. The numbers below are those of Linux.
public final class ServiceNotifier {
    private static final System.Logger LOG = System.getLogger(ServiceNotifier.class.getName());
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;
    /// Of `sockaddr_un`: the family, then the path.
    private static final int FAMILY_BYTES = Short.BYTES;
    private static final int MAX_PATH_BYTES = 108;

    /// What follows a `@` is a name in the abstract namespace.
    private final String socket;
    /// Null if the service manager asks for no signs of life.
    private final Duration watchdog;

    private ServiceNotifier(String socket, Duration watchdog) {
        this.socket = socket;
        this.watchdog = watchdog;
    }

    /// @param environment `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` count
    public static ServiceNotifier of(Map<String, String> environment) {
        String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (!socket.startsWith("/") && !socket.startsWith("@") || utf8(socket).length > MAX_PATH_BYTES) {
            return new ServiceNotifier(null, null);
        }
        String pid = environment.get("WATCHDOG_PID");
        boolean isForUs = pid == null || pid.equals(Long.toString(ProcessHandle.current().pid()));
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        return new ServiceNotifier(socket, isForUs && micros.matches("[1-9]\\d{0,15}")
                ? Duration.ofNanos(1_000 * Long.parseLong(micros)) : null);
    }

    /// The server can be reached. From here on the watchdog gets its signs of life.
    ///
    /// @param status one line for `systemctl status`
    public void ready(String status) {
        send("READY=1\nSTATUS=" + status);
        if (watchdog != null) {
            Duration interval = watchdog.dividedBy(2);
            Thread.ofVirtual().name("service-watchdog").start(() -> showLife(() -> send("WATCHDOG=1"), interval));
        }
    }

    /// Runs what a reload does; the service manager waits for its end.
    public void reload(Runnable work) {
        send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1_000);
        try {
            work.run();
        } finally {
            send("READY=1");
        }
    }

    public void stopping() {
        send("STOPPING=1\nSTATUS=answering what has arrived");
    }

    /// Runs on a virtual thread, so that a server whose connections do not run any more shows no life either. A disk that does
    /// not answer is no reason: a restart would not help. Until its thread is interrupted.
    static void showLife(Runnable sign, Duration interval) {
        while (true) {
            try {
                Thread.sleep(interval);
                sign.run();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException | Error e) {
                // There is no memory, even to log it: the next sign may get through.
            }
        }
    }

    private void send(String state) {
        if (socket == null) {
            return;
        }
        try {
            C.send(utf8(socket.startsWith("@") ? "\0" + socket.substring(1) : socket), utf8(state));
        } catch (RuntimeException | Error e) {
            LOG.log(Level.WARNING, "the service manager is not told {0}: {1}", state.lines().findFirst().orElse(""),
                    e instanceof IllegalStateException ? e.getMessage() : e);
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// The C library; linked when the first datagram is sent.
    @SuppressWarnings("restricted")
    private static final class C {
        private static final Linker LINKER = Linker.nativeLinker();
        private static final MemoryLayout ERRNO = Linker.Option.captureStateLayout();
        private static final MethodHandle SOCKET = link("socket",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        private static final MethodHandle SEND_TO = link("sendto",
                FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        private static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

        private static MethodHandle link(String function, FunctionDescriptor type) {
            return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), type, Linker.Option.captureCallState("errno"));
        }

        /// @throws IllegalStateException if it was not taken; with the C library's number of the error
        static void send(byte[] path, byte[] message) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment errno = arena.allocate(ERRNO);
                MemorySegment address = arena.allocate(FAMILY_BYTES + path.length);
                address.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) AF_UNIX);
                MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, FAMILY_BYTES, path.length);
                int descriptor = (int) SOCKET.invokeExact(errno, AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
                requireDone(descriptor >= 0, errno);
                try {
                    long sent = (long) SEND_TO.invokeExact(errno, descriptor, arena.allocateFrom(ValueLayout.JAVA_BYTE, message),
                            (long) message.length, MSG_NOSIGNAL, address, (int) address.byteSize());
                    requireDone(sent == message.length, errno);
                } finally {
                    int _ = (int) CLOSE.invokeExact(errno, descriptor);
                }
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        private static void requireDone(boolean isDone, MemorySegment errno) {
            if (!isDone) {
                throw new IllegalStateException("error " + errno.get(ValueLayout.JAVA_INT, 0));
            }
        }
    }
}
