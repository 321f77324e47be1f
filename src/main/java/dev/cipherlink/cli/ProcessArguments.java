package dev.cipherlink.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// The arguments as they were typed.
///
/// In a locale that is not UTF-8 (`LC_ALL=C`, a cron job) the JVM replaces every byte beyond ASCII in the arguments,
/// and `kv SET name Zoë` would store something else. Linux has the original bytes in `/proc/self/cmdline`.
final class ProcessArguments {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final char REPLACEMENT = '\uFFFD';

    private ProcessArguments() {
    }

    /// @return `args`, or what they were before the JVM decoded them
    static String[] exact(String[] args) {
        if (Arrays.stream(args).noneMatch(arg -> arg.indexOf(REPLACEMENT) >= 0)) {
            return args;
        }
        try {
            return lastOf(Files.readAllBytes(COMMAND_LINE), args);
        } catch (IOException _) {
            return args; // not Linux: the JVM's reading is all there is
        }
    }

    /// @param commandLine all arguments of the process, the JVM's own first, each followed by a zero byte
    static String[] lastOf(byte[] commandLine, String[] args) {
        String[] all = new String(commandLine, StandardCharsets.UTF_8).split("\0", -1);
        int end = all.length - 1;
        if (end < args.length) {
            return args;
        }
        String[] last = Arrays.copyOfRange(all, end - args.length, end);
        for (int i = 0; i < args.length; i++) {
            if (!asciiOf(last[i]).equals(asciiOf(args[i]))) {
                return args; // an @file or JDK_JAVA_OPTIONS changed the list: positions cannot be trusted
            }
        }
        return last;
    }

    private static String asciiOf(String text) {
        return text.replaceAll("[^\\x00-\\x7F]", "");
    }
}
