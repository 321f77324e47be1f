package dev.cipherlink.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/// What the process was started with. Tests bring their own.
///
/// @param stdout unbuffered: [Output] buffers
/// @param folder the working folder
/// @param systemFolder where the configuration of the whole machine is
record Surroundings(InputStream stdin, OutputStream stdout, OutputStream stderr, Map<String, String> environment,
                    Path folder, Path systemFolder, Terminals terminals) {

    /// Set by the launcher, which opens something else in its place: the JVM would give the number to one of its own files.
    private static final String STDIN_CLOSED_PROPERTY = "cipherlink.stdin-closed";

    static Surroundings ofProcess() {
        InputStream stdin = Boolean.getBoolean(STDIN_CLOSED_PROPERTY) ? new ClosedStdin() : new FileInputStream(FileDescriptor.in);
        return new Surroundings(stdin, new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err), System.getenv(), Path.of(""), Path.of("/etc/cipherlink"),
                Terminals.ofProcess());
    }

    boolean hasVariable(String name) {
        return !environment.getOrDefault(name, "").isEmpty();
    }

    /// Whether no variable forbids colours.
    boolean allowsColour() {
        return !hasVariable("NO_COLOR") && !hasVariable("CIPHERLINK_NO_COLOR") && !"dumb".equals(environment.get("TERM"));
    }

    /// Whether text beyond ASCII can be shown, by the variables of the locale in their order of strength.
    boolean isUtf8Locale() {
        for (String name : new String[] {"LC_ALL", "LC_CTYPE", "LANG"}) {
            if (hasVariable(name)) {
                String value = environment.get(name).toLowerCase(Locale.ROOT);
                return value.contains("utf-8") || value.contains("utf8");
            }
        }
        return false;
    }

    /// In the place of a stdin that was closed when the program started.
    private static final class ClosedStdin extends InputStream {
        @Override
        public int read() {
            throw CliException.usage("stdin is closed").withHint("</dev/null, if nothing is meant");
        }

        @Override
        public int available() {
            return read();
        }
    }
}
