import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.ConstantPoolSharingOption;
import java.lang.classfile.ClassFile.DebugElementsOption;
import java.lang.classfile.ClassFile.LineNumbersOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassHierarchyResolver.ClassHierarchyInfo;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ConstantDescs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Writes the jars of the image: the program's with a `Class-Path` that names all others, and the others without
/// what the image has no use for. Of native libraries that is all but RocksDB's, which lies in its jar compressed.
///
/// Classes lose what only debuggers read, the names of local variables; those of others lose their line numbers too, as
/// the JDK's do.
///
/// Classes of a version that the AOT cache does not take (older than Java 6, which is picocli) are raised to Java 8:
/// same code, with the stack maps that the newer verifier needs. That halves the time of a one-shot command.
final class AppJars {

    /// Native libraries (the platform's own are in `lib/native`), signatures (they no longer match, and the AOT cache
    /// leaves signed classes out), descriptors for other tools.
    private static final Pattern UNUSED = Pattern.compile(".*\\.(so|dll|dylib|jnilib|a)"
            + "|META-INF/[^/]+\\.(SF|RSA|DSA|EC)|META-INF/maven/.*|META-INF/native-image/.*|.*/");

    private static final int OLDEST_CACHED_MAJOR_VERSION = ClassFile.JAVA_6_VERSION;
    /// The oldest time that a zip entry can tell: the jars depend on nothing but their content.
    private static final LocalDateTime ENTRY_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private final String packedLibrary;
    private final ClassFile ours;
    private final ClassFile others;
    private final ClassFile old;

    private AppJars(Path jar, List<Path> dependencies, String packedLibrary) {
        this.packedLibrary = packedLibrary;
        List<Path> jars = Stream.concat(Stream.of(jar), dependencies.stream()).toList();
        // What is in no jar belongs to features that are not used.
        ClassHierarchyResolver classes = ClassHierarchyResolver.ofResourceParsing(name -> classBytes(jars, name.descriptorString()))
                .orElse(ClassHierarchyResolver.defaultResolver())
                .orElse(_ -> ClassHierarchyInfo.ofClass(ConstantDescs.CD_Object)).cached();
        this.ours = ClassFile.of(ConstantPoolSharingOption.NEW_POOL, DebugElementsOption.DROP_DEBUG,
                ClassHierarchyResolverOption.of(classes));
        this.others = ours.withOptions(LineNumbersOption.DROP_LINE_NUMBERS);
        this.old = others.withOptions(StackMapsOption.GENERATE_STACK_MAPS);
    }

    /// @param jar           the program's own; it becomes `cipherlink.jar`
    /// @param packedLibrary the one native library that stays in a jar
    /// @return all jars written into `folder`, the program's first
    static List<Path> repack(Path jar, List<Path> dependencies, String packedLibrary, Path folder) throws IOException {
        Files.createDirectories(folder);
        var jars = new AppJars(jar, dependencies, packedLibrary);
        List<Path> written = new ArrayList<>();
        written.add(jars.repack(jar, folder.resolve("cipherlink.jar"), dependencies));
        for (Path dependency : dependencies) {
            written.add(jars.repack(dependency, folder.resolve(dependency.getFileName()), List.of()));
        }
        return written;
    }

    private Path repack(Path from, Path to, List<Path> classPath) throws IOException {
        try (var in = new ZipFile(from.toFile()); var out = new ZipOutputStream(Files.newOutputStream(to))) {
            out.setLevel(Deflater.BEST_COMPRESSION);
            for (ZipEntry entry : Collections.list(in.entries())) {
                if (!UNUSED.matcher(entry.getName()).matches() || entry.getName().equals(packedLibrary)) {
                    var copy = new ZipEntry(entry.getName());
                    copy.setTimeLocal(ENTRY_TIME);
                    out.putNextEntry(copy);
                    try (InputStream content = in.getInputStream(entry)) {
                        write(entry.getName(), content, classPath, out);
                    }
                    out.closeEntry();
                }
            }
        }
        return to;
    }

    private void write(String name, InputStream content, List<Path> classPath, OutputStream out) throws IOException {
        if (name.equals(JarFile.MANIFEST_NAME) && !classPath.isEmpty()) {
            var manifest = new Manifest(content);
            manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath.stream()
                    .map(each -> each.getFileName().toString()).collect(Collectors.joining(" ")));
            manifest.write(out);
        } else if (name.endsWith("module-info.class")) {
            content.transferTo(out);
        } else if (name.endsWith(".class")) {
            out.write(strip(content.readAllBytes(), classPath.isEmpty() ? others : ours));
        } else if (name.equals(packedLibrary)) {
            out.write(SymbolTables.cut(content.readAllBytes()));
        } else {
            content.transferTo(out);
        }
    }

    private byte[] strip(byte[] bytes, ClassFile classFile) {
        ClassModel model = classFile.parse(bytes);
        return model.majorVersion() < OLDEST_CACHED_MAJOR_VERSION ? raise(old.parse(bytes))
                : classFile.transformClass(model, ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL));
    }

    private byte[] raise(ClassModel model) {
        byte[] raised = old.transformClass(model, ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
                .andThen((builder, element) -> {
                    if (element instanceof ClassFileVersion) {
                        builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
                    } else {
                        builder.with(element);
                    }
                }));
        List<VerifyError> errors = old.verify(raised);
        if (!errors.isEmpty()) {
            throw new IllegalStateException("cannot raise the version of " + model.thisClass().asInternalName(), errors.getFirst());
        }
        return raised;
    }

    private static InputStream classBytes(List<Path> jars, String descriptor) {
        String entry = descriptor.substring(1, descriptor.length() - 1) + ".class";
        for (Path jar : jars) {
            try (var zip = new ZipFile(jar.toFile())) {
                ZipEntry found = zip.getEntry(entry);
                if (found != null) {
                    return new java.io.ByteArrayInputStream(zip.getInputStream(found).readAllBytes());
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return null;
    }
}
