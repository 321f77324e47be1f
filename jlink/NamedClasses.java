import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds the classes that the program may load: its own, those that a file such as a list of services names, and those that the
/// constant pool of such a class names, in a reference, a descriptor, a signature or a string.
///
/// A name that is put together while the program runs is not found; no dependency does that.
final class NamedClasses {
    private static final Pattern NAME = Pattern.compile("[\\w.$/]+");
    private static final String SUFFIX = ".class";
    private static final String OURS = "dev/cipherlink/";

    private final Map<String, byte[]> entries;
    private final Set<String> named = new HashSet<>();
    private final Deque<String> unread = new ArrayDeque<>();

    private NamedClasses(Map<String, byte[]> entries) {
        this.entries = entries;
    }

    /// @param entries of the jar: names and contents
    /// @return names of entries that are classes
    static Set<String> of(Map<String, byte[]> entries) {
        var classes = new NamedClasses(entries);
        entries.forEach((name, content) -> {
            if (!name.endsWith(SUFFIX)) {
                classes.readText(new String(content, StandardCharsets.ISO_8859_1));
            } else if (name.startsWith(OURS)) {
                classes.name(name);
            }
        });
        while (!classes.unread.isEmpty()) {
            classes.readClass(entries.get(classes.unread.poll()));
        }
        return classes.named;
    }

    private void readClass(byte[] content) {
        for (PoolEntry each : ClassFile.of().parse(content).constantPool()) {
            if (each instanceof Utf8Entry text) {
                readText(text.stringValue());
            }
        }
    }

    private void readText(String text) {
        for (Matcher found = NAME.matcher(text); found.find(); ) {
            String word = found.group().replace('.', '/');
            name(word + SUFFIX);
            // In a descriptor: `IJLjava/lang/String;`
            for (int i = word.indexOf('L'); i >= 0; i = word.indexOf('L', i + 1)) {
                name(word.substring(i + 1) + SUFFIX);
            }
        }
    }

    private void name(String entry) {
        if (entries.containsKey(entry) && named.add(entry)) {
            unread.add(entry);
        }
    }
}
