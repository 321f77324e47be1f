import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.MethodRefEntry;
import java.lang.reflect.AccessFlag;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Leaves out the native methods of Lazysodium that are not called.
///
/// Lazysodium has JNA look up each of its 200 when it loads the library, and their types by reflection; the program calls a
/// handful. Without this, `kv GET` takes a twentieth more processor time: 221 ms in place of 211 ms, medians of 60 runs on two
/// busy processors.
final class Natives {
    private static final String OWNER = "com/goterl/lazysodium/Sodium";

    private final Set<String> called = new HashSet<>();

    /// @param jars of the program, and of Lazysodium, which calls some itself
    Natives(List<Path> jars) throws IOException {
        for (Path jar : jars) {
            try (var zip = new ZipFile(jar.toFile())) {
                for (ZipEntry entry : zip.stream().filter(each -> isCaller(each.getName())).toList()) {
                    try (InputStream content = zip.getInputStream(entry)) {
                        collect(ClassFile.of().parse(content.readAllBytes()));
                    }
                }
            }
        }
    }

    private static boolean isCaller(String entry) {
        return entry.endsWith(".class") && (entry.startsWith("dev/cipherlink/") || entry.startsWith(OWNER));
    }

    private void collect(ClassModel caller) {
        caller.constantPool().forEach(entry -> {
            if (entry instanceof MethodRefEntry method && method.owner().asInternalName().startsWith(OWNER)) {
                called.add(method.name().stringValue());
            }
        });
    }

    /// For every class; only those of Lazysodium's functions change.
    ClassTransform dropUncalled(ClassModel in) {
        return in.thisClass().asInternalName().startsWith(OWNER)
                ? ClassTransform.dropping(element -> element instanceof MethodModel method
                        && method.flags().has(AccessFlag.NATIVE) && !called.contains(method.methodName().stringValue()))
                : ClassTransform.ACCEPT_ALL;
    }
}
