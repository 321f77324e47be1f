package dev.cipherlink.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/// The arguments as they were typed.
///
/// In a locale that is not UTF-8 (`LC_ALL=C`, a cron job) the JVM replaces or re-reads every byte beyond ASCII in the
/// arguments, and `kv SET name Zoë` would store something else. Linux has the original bytes in `/proc/self/cmdline`.
final class ProcessArguments {
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
