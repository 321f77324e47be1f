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

    static Surroundings ofProcess() {
        return new Surroundings(new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.out),
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
}
