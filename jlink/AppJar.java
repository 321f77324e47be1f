import java.io.IOException;
import java.io.InputStream;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Writes the one jar of the image: the program and its dependencies, without what the image has no use for. Of the native
/// libraries only RocksDB's stays, compressed.
///
/// One jar, since a look-up of a class or service that is not there, as by the JDK's logging, opens each jar of the class path:
/// 32 of them took a one-shot command ten milliseconds.
///
/// Classes of dependencies that nothing names stay out: see [NamedClasses].
///
/// All classes lose the names of their local variables, which only debuggers read; those of dependencies lose their line numbers
/// too, as the JDK's do.
///
/// Classes older than Java 6, which are picocli's, are raised to Java 8, since the AOT cache takes no older ones: the same code,
/// with the stack maps that the newer verifier needs. Otherwise `kv GET` takes 0.79 s of processor time in place of 0.22 s
/// (medians of 15 runs on two busy processors). [TypeSwitches] and [Natives] save a twentieth each, [Decimals] a tenth.
final class AppJar {

    /// Native libraries (the platform's own are in `lib/native`), signatures (they no longer match, and the AOT cache
    /// leaves signed classes out), descriptors of modules and for other tools, of
    /// Prometheus all but the text format, of Jackson its fast reader of decimal fractions, of HdrHistogram its logs, recorders and
    /// packed arrays.
    private static final Pattern UNUSED = Pattern.compile(".*\\.(so|dll|dylib|jnilib|a)|(.*/)?module-info\\.class|.*/"
            + "|META-INF/[^/]+\\.(SF|RSA|DSA|EC)|META-INF/maven/.*|META-INF/native-image/.*|OSGI-OPT/.*"
            + "|tools/jackson/core/internal/shaded/.*"
            + "|org/HdrHistogram/(packedarray/|Packed|HistogramLog|(SingleWriter)?(Double)?Recorder).*"
            + "|io/prometheus/metrics/(config/(?!EscapingScheme)|model/registry/|expositionformats/(OpenMetrics|ExpositionFormats|PrometheusProtobuf)).*");
    /// Lists, of which each jar has its own part.
    private static final Pattern JOINED = Pattern.compile("META-INF/services/[^/]+|META-INF/helidon/manifest");
    /// Moved to a folder with the name of its jar, below `META-INF/legal/`.
    private static final Pattern LEGAL = Pattern.compile("META-INF/([^/]*(LICENSE|NOTICE)[^/]*|AL2\\.0|LGPL2\\.1)");
    private static final String LEGAL_FOLDER = "META-INF/legal/";

    private static final int OLDEST_CACHED_MAJOR_VERSION = ClassFile.JAVA_6_VERSION;
    /// The oldest time that a zip entry can tell: the jar depends on nothing but its content.
    private static final LocalDateTime ENTRY_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);

    private final String packedLibrary;
    private final Natives natives;
    private final ClassFile ours;
    private final ClassFile others;
    private final ClassFile old;
    private final Map<String, byte[]> entries = new LinkedHashMap<>();

    private AppJar(List<Path> jars, String packedLibrary) throws IOException {
        this.packedLibrary = packedLibrary;
        this.natives = new Natives(jars);
        // What is in no jar belongs to features that are not used.
        ClassHierarchyResolver classes = ClassHierarchyResolver.ofResourceParsing(name -> classBytes(jars, name.descriptorString()))
                .orElse(ClassHierarchyResolver.defaultResolver())
                .orElse(_ -> ClassHierarchyInfo.ofClass(ConstantDescs.CD_Object)).cached();
        this.ours = ClassFile.of(ConstantPoolSharingOption.NEW_POOL, DebugElementsOption.DROP_DEBUG,
                ClassHierarchyResolverOption.of(classes));
        this.others = ours.withOptions(LineNumbersOption.DROP_LINE_NUMBERS);
        this.old = others.withOptions(StackMapsOption.GENERATE_STACK_MAPS);
    }

    /// @param jar           the program's own, whose manifest it is
    /// @param packedLibrary the one native library that stays in the jar
    /// @param legal         folder of licence texts that no jar has: `jlink/legal`, whose README says how it is laid out
    /// @throws IOException if two jars have a file of the same name and nothing here says what becomes of it, or there is no
    ///         licence text for a dependency
    static void write(Path jar, List<Path> dependencies, String packedLibrary, Path legal, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        List<Path> jars = Stream.concat(Stream.of(jar), dependencies.stream()).toList();
        var written = new AppJar(jars, packedLibrary);
        for (Path each : jars) {
            written.add(each, each.equals(jar));
        }
        written.dropUnnamed();
        written.addLegal(legal);
        for (Path each : dependencies) {
            written.requireLicence(each.getFileName().toString());
        }
        written.shareLegal();
        written.write(to);
    }

    private void dropUnnamed() {
        Set<String> named = NamedClasses.of(entries);
        entries.keySet().removeIf(name -> name.endsWith(".class") && !named.contains(name));
    }

    /// Many dependencies have the same licence text, which zip files do not notice: each but the first names that one.
    private void shareLegal() {
        var first = new HashMap<String, String>();
        entries.replaceAll((name, content) -> {
            String same = !name.startsWith(LEGAL_FOLDER) ? null : first.putIfAbsent(new String(content, StandardCharsets.UTF_8), name);
            return same == null ? content : ("The same text as " + same + "\n").getBytes(StandardCharsets.UTF_8);
        });
    }

    private void addLegal(Path legal) throws IOException {
        try (Stream<Path> all = Files.walk(legal)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                add(LEGAL_FOLDER + legal.relativize(file), Files.readAllBytes(file));
            }
        }
    }

    /// A text of its own, or in a folder of which its name begins: `jline` for `jline-reader-4.5.0.jar`.
    private void requireLicence(String jar) throws IOException {
        if (entries.keySet().stream().filter(name -> name.startsWith(LEGAL_FOLDER)).map(name -> name.split("/"))
                .noneMatch(parts -> parts.length == 4 && (jar.equals(parts[2]) || jar.startsWith(parts[2] + "-")))) {
            throw new IOException("no licence text for " + jar + ": put it into a folder of jlink/legal");
        }
    }

    private void add(Path jar, boolean isOurs) throws IOException {
        try (var in = new JarFile(jar.toFile(), false, ZipFile.OPEN_READ, Runtime.version())) {
            for (JarEntry entry : in.versionedStream().toList()) { // of a class with versions, the one for this Java
                String name = entry.getName();
                boolean isUsed = !UNUSED.matcher(name).matches() || name.equals(packedLibrary);
                if (isUsed && (isOurs || !name.equals(JarFile.MANIFEST_NAME))) {
                    try (InputStream content = in.getInputStream(entry)) {
                        add(LEGAL.matcher(name).matches() ? name.replace("META-INF/", LEGAL_FOLDER + jar.getFileName() + "/")
                                : name, content(name, content.readAllBytes(), isOurs));
                    }
                }
            }
        }
    }

    private void add(String name, byte[] content) throws IOException {
        byte[] before = entries.putIfAbsent(name, content);
        if (before != null && JOINED.matcher(name).matches()) {
            entries.put(name, (new String(before, StandardCharsets.UTF_8) + "\n" + new String(content, StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8));
        } else if (before != null) {
            throw new IOException("more than one jar has " + name);
        }
    }

    private byte[] content(String name, byte[] content, boolean isOurs) throws IOException {
        if (name.endsWith(".class")) {
            return strip(content, isOurs ? ours : others);
        }
        return name.equals(packedLibrary) ? SymbolTables.cut(content) : content;
    }

    private void write(Path to) throws IOException {
        try (var out = new ZipOutputStream(Files.newOutputStream(to))) {
            out.setLevel(Deflater.BEST_COMPRESSION);
            for (Map.Entry<String, byte[]> each : entries.entrySet()) {
                var entry = new ZipEntry(each.getKey());
                entry.setTimeLocal(ENTRY_TIME);
                out.putNextEntry(entry);
                out.write(each.getValue());
                out.closeEntry();
            }
        }
    }

    private byte[] strip(byte[] bytes, ClassFile classFile) {
        ClassModel model = classFile.parse(bytes);
        return model.majorVersion() < OLDEST_CACHED_MAJOR_VERSION ? raise(old.parse(bytes))
                : classFile.transformClass(model, natives.dropUncalled(model)
                        .andThen(Decimals.dropConstants(model)).andThen(TypeSwitches.of(model)));
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
