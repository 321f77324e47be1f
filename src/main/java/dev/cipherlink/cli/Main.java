package dev.cipherlink.cli;

import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessExit;
import dev.cipherlink.text.CliException.ExitStatus;
import dev.cipherlink.text.TerminalText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/// Entry point of the program.
public final class Main {

    private Main() {
    }

    public static void main(String[] args) {
        OutOfMemoryHandler.install();
        Carriers.leaveOneProcessor();
        ProcessExit.exit(Program.run(ProcessArguments.exact(args), ProcessEnvironment.ofProcess()));
    }

    /// The platform threads that carry the virtual ones: one less than there are processors.
    ///
    /// The kernel's network stack, the thread that commits, the collector and the compilers need a processor too, and on two of them a
    /// connection whose thread always runs on the same one finds its state in that one's cache (`docs/benchmarks.md`). Nothing may
    /// therefore keep a carrier waiting: a machine with one processor has but one in any case.
    static final class Carriers {
        private static final String PARALLELISM = "jdk.virtualThreadScheduler.parallelism";

        private Carriers() {
        }

        /// To be called before the first virtual thread starts; does nothing if the property is set.
        static void leaveOneProcessor() {
            if (System.getProperty(PARALLELISM) == null) {
                System.setProperty(PARALLELISM, Integer.toString(Math.max(1, Runtime.getRuntime().availableProcessors() - 1)));
            }
        }
    }

    /// Ends the process when one of its platform threads has died for want of memory. It may be one on which all virtual threads run,
    /// or the one that waits for their sockets: then the process would live on and serve nothing. Acknowledged writes survive this
    /// as they survive SIGKILL.
    static final class OutOfMemoryHandler {
        private static final byte[] MESSAGE = ("cipherlink: out of memory, and a thread that the process needs has died\n"
                + "  try: start it again with more: CIPHERLINK_JAVA_OPTS=-Xmx2g\n").getBytes(StandardCharsets.US_ASCII);
        private static final FileOutputStream STDERR = new FileOutputStream(FileDescriptor.err);

        private OutOfMemoryHandler() {
        }

        static void install() {
            Thread.setDefaultUncaughtExceptionHandler(OutOfMemoryHandler::uncaught);
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
                // stderr is lost too
            } finally {
                Runtime.getRuntime().halt(ExitStatus.BUG.code());
            }
        }
    }

    /// The arguments as they were typed.
    ///
    /// In a locale that is not UTF-8 (`LC_ALL=C`, a cron job) the JVM replaces or re-reads every byte beyond ASCII in the
    /// arguments, and `kv SET name Zoë` would store something else. Linux has the original bytes in `/proc/self/cmdline`.
    static final class ProcessArguments {
        /// Stands for a byte that is not part of any UTF-8 text. No argument can have it otherwise.
        static final char DAMAGED = '\uDCFF';

        private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
        private static final char REPLACEMENT = '\uFFFD';

        private ProcessArguments() {
        }

        /// @return `args`, or what they were before the JVM decoded them; with [#DAMAGED] where they cannot be had
        static String[] exact(String[] args) {
            boolean isAscii = Arrays.stream(args).allMatch(arg -> arg.chars().allMatch(c -> c < 0x80));
            if (isAscii || isUtf8() && Arrays.stream(args).noneMatch(arg -> arg.indexOf(REPLACEMENT) >= 0)) {
                return args;
            }
            try {
                return lastOf(Files.readAllBytes(COMMAND_LINE), args);
            } catch (IOException _) {
                return damaged(args); // not Linux: the JVM's reading is all there is
            }
        }

        /// @param commandLine all arguments of the process, the JVM's own first, each followed by a zero byte
        static String[] lastOf(byte[] commandLine, String[] args) {
            int[] ends = IntStream.range(0, commandLine.length).filter(i -> commandLine[i] == 0).toArray();
            if (ends.length <= args.length) {
                return damaged(args);
            }
            String[] last = new String[args.length];
            for (int i = 0; i < args.length; i++) {
                int end = ends.length - args.length + i;
                last[i] = decoded(Arrays.copyOfRange(commandLine, ends[end - 1] + 1, ends[end]));
                if (!asciiOf(last[i]).equals(asciiOf(args[i]))) {
                    return damaged(args); // options of a file or a variable changed the list: positions cannot be trusted
                }
            }
            return last;
        }

        private static String decoded(byte[] argument) {
            return TerminalText.decode(argument).orElseGet(() ->
                    new String(argument, StandardCharsets.UTF_8).replace(REPLACEMENT, DAMAGED));
        }

        private static String[] damaged(String[] args) {
            String lost = isUtf8() ? String.valueOf(REPLACEMENT) : "[^\\x00-\\x7F]";
            return Arrays.stream(args).map(arg -> arg.replaceAll(lost, String.valueOf(DAMAGED))).toArray(String[]::new);
        }

        private static boolean isUtf8() {
            return "UTF-8".equals(System.getProperty("sun.jnu.encoding"));
        }

        private static String asciiOf(String text) {
            return text.replaceAll("[^\\x00-\\x7F]", "");
        }
    }
}
