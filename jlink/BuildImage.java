import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Makes the runtime image of one platform, the one it runs on: `target/cipherlink` and its `.tar.gz`.
///
/// Maven runs it in phase `package` with the JDK of the toolchain, straight from the source:
/// `java jlink/BuildImage.java PROJECT-FOLDER VERSION TIME JAR RUNTIME-CLASS-PATH`.
///
/// The image holds a JVM with only the modules that are used (`jlink`), one jar of the program and its dependencies
/// ([AppJar]), this platform's native libraries ([Platform], [SymbolTables]), an AOT cache ([AotCache]), the launcher
/// `bin/cipherlink` ([Launcher]), and manual pages with completion scripts ([Manual]).
///
/// All of it depends on the sources alone, but for the AOT cache: its training run has threads, and addresses.
final class BuildImage {

    /// Modules that a dependency names for features that are not used here, and that would double the image:
    /// java.desktop (JNA's and Lazysodium's AWT handles, SnakeYAML's beans).
    private static final List<String> UNWANTED_MODULES = List.of("java.desktop");

    /// Modules that are reached without a reference that `jdeps` could see: jdk.net has the times of TCP keep-alive,
    /// jdk.unsupported the signals.
    private static final List<String> HIDDEN_MODULES = List.of("java.logging", "jdk.net", "jdk.unsupported");

    /// Files of the JDK for development tools, TLS, cookies, and sorting large arrays of numbers, which are not used here.
    private static final List<String> DEAD_WEIGHT = List.of("bin/keytool", "bin/rmiregistry", "bin/jwebserver", "lib/classlist", "lib/jexec",
            "lib/jrt-fs.jar", "lib/security/cacerts", "lib/security/public_suffix_list.dat", "lib/libsimdsort.so");

    /// Classes of the JDK that are not used here: TLS (but for the provider, which is asked for ciphers), certificates, signatures, old ciphers,
    /// keytool, the web server as a command, the client's side of HTTP and FTP, texts in other languages, names of languages, currencies
    /// and characters, and character sets of East Asia (all text is UTF-8). Patterns of `jlink`; of each package something has to stay.
    private static final List<String> DEAD_CLASSES = List.of(
            "regex:/java.base/sun/security/ssl/(?!SunJSSE).*",
            "/java.base/sun/security/tools/keytool/Main*",
            "regex:/java.base/sun/security/provider/certpath/(?!X509CertPath\\.class)[^/]*",
            "regex:/java.base/sun/security/provider/(DSA|ML_DSA|HSS|MD2|MD4|JavaKeyStore|DomainKeyStore).*",
            "regex:/java.base/sun/security/rsa/(?!SunRsaSign).*",
            "regex:/java.base/sun/security/ec/(?!SunEC|XDH|XEC|point/|ed/EdECOperations).*",
            "regex:/java.base/sun/security/util/math/intpoly/.*(P256|P384|P521|25519Order|448).*",
            "regex:/java.base/sun/security/x509/(?!AlgorithmId|NamedX509Key|X509Key|X500Name|AVA|RDN|OIDMap).*",
            "regex:/java.base/sun/security/pkcs12/(?!MacData).*",
            "regex:/java.base/com/sun/crypto/provider/(DES|Blowfish|RC2|PBE|PKCS12|DH|HPKE|Tls|SslMac|OAEP).*",
            "regex:/jdk.httpserver/sun/net/httpserver/simpleserver/[A-LN-Z].*",
            "/java.base/jdk/internal/util/random/RandomSupport$DoubleZigguratTables.class",
            "regex:/java.base/jdk/internal/foreign/abi/(ppc64|riscv64|s390|x64/windows)/.*(CallArranger|TypeClass).*",
            "regex:/java.base/sun/net/www/http/(?!Hurryable).*",
            "regex:/java.base/sun/net/(www/protocol/(https?|ftp|mailto)/(?!Handler\\.class)|ftp/impl/(?!DefaultFtpClientProvider\\.))[^/]*",
            "regex:.*_(de|es|fr|it|ja|ko|pt_BR|sv|zh_CN|zh_HK|zh_TW)\\.class",
            "regex:/java.base/sun/util/resources/(cldr/)?(LocaleNames|CurrencyNames).*",
            "/java.base/java/lang/uniName.dat",
            "regex:/java.base/sun/nio/cs/(Big5|EUC_|GB|HKSCS|Johab|MS9|SJIS|PCK|JIS_X|IBM9).*");

    /// Tells `jlink/cipherlink` that the image is whole, and by its time how old: what changed later is not in it.
    private static final String STAMP = "cipherlink.built";

    private final Path project;
    private final Path target;
    private final String version;
    /// Of every file: the AOT cache notes those of the jar and of the modules.
    private final Instant time;
    private final Path image;
    private final Path work;

    private BuildImage(Path project, String version, Instant time) {
        this.project = project;
        this.target = project.resolve("target");
        this.version = version;
        this.time = time;
        this.image = target.resolve("cipherlink");
        this.work = target.resolve("image-work");
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 5) {
            throw new IllegalArgumentException("usage: BuildImage.java PROJECT-FOLDER VERSION TIME JAR RUNTIME-CLASS-PATH");
        }
        List<Path> dependencies = Arrays.stream(args[4].split(java.io.File.pathSeparator))
                .map(Path::of).filter(Files::isRegularFile).sorted(Comparator.comparing(Path::getFileName)).toList();
        new BuildImage(Path.of(args[0]), args[1], Instant.parse(args[2])).run(Path.of(args[3]), dependencies);
    }

    private void run(Path jar, List<Path> dependencies) throws IOException, InterruptedException {
        var begun = FileTime.from(Instant.now());
        Platform platform = Platform.current();
        Files.deleteIfExists(target.resolve(STAMP));
        delete(image);
        delete(work);
        Files.createDirectories(work);

        Path app = work.resolve("app/cipherlink.jar");
        AppJar.write(jar, dependencies, platform.rocks(), project.resolve("jlink/legal"), app);
        jlink(modulesOf(app));
        move(app, image.resolve("lib/app/cipherlink.jar"));
        platform.extractLibraries(dependencies, image.resolve("lib/native"));
        SymbolTables.cut(image.resolve("lib"));
        Files.copy(project.resolve("LICENSE"), image.resolve("LICENSE"));
        Launcher.write(project.resolve("jlink/launcher.sh"), image.resolve("bin/cipherlink"));
        Manual.write(image, project.resolve("jlink/manual"), version, time.toString().substring(0, 10), work);
        setTimes();
        AotCache.create(image, project.resolve("jlink/training"), work);
        move(image.resolve("bin/java"), image.resolve(Launcher.JVM));
        archive(platform);
        delete(work);
        Path stamp = Files.writeString(target.resolve(STAMP), "");
        Files.setLastModifiedTime(stamp, begun);
    }

    private String modulesOf(Path app) {
        List<String> arguments = new ArrayList<>(List.of("--ignore-missing-deps", "--print-module-deps", app.toString()));
        var modules = new TreeSet<>(List.of(tool("jdeps", arguments).strip().split(",")));
        UNWANTED_MODULES.forEach(modules::remove);
        modules.addAll(HIDDEN_MODULES);
        return String.join(",", modules);
    }

    /// Works with the `jmods` folder of a JDK, and without (JEP 493): then from the running JDK itself.
    private void jlink(String modules) throws IOException {
        tool("jlink", List.of("--add-modules", modules, "--output", image.toString(), "--vm", "server",
                "--strip-debug", "--no-header-files", "--no-man-pages", "--compress", "zip-9",
                "--exclude-resources", String.join(",", DEAD_CLASSES)));
        for (String file : DEAD_WEIGHT) {
            Files.deleteIfExists(image.resolve(file));
        }
        preferCipherProvider(image.resolve("conf/security/java.security"));
    }

    /// Asked for a cipher, the JDK sets up one provider after the other until one has it: the one that has comes first. A
    /// JDK that lists others keeps its own order, and one-shot commands start a few milliseconds later.
    private static void preferCipherProvider(Path settings) throws IOException {
        String withoutComments = Files.readAllLines(settings).stream().filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> line + "\n").collect(Collectors.joining()); // 3 KB in place of 72
        Files.writeString(settings, withoutComments.replace("""
                security.provider.1=SUN
                security.provider.2=SunRsaSign
                security.provider.3=SunEC
                security.provider.4=SunJSSE
                security.provider.5=SunJCE
                """, """
                security.provider.1=SunJCE
                security.provider.2=SUN
                security.provider.3=SunRsaSign
                security.provider.4=SunEC
                security.provider.5=SunJSSE
                """));
    }

    private void setTimes() throws IOException {
        try (Stream<Path> all = Files.walk(image)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                Files.setLastModifiedTime(path, FileTime.from(time));
            }
        }
    }

    private void archive(Platform platform) throws IOException {
        Path archive = target.resolve("cipherlink-" + version + "-" + platform.name() + ".tar.gz");
        try (var tar = new Tar(Files.newOutputStream(archive), time)) {
            tar.tree("cipherlink", image);
        }
    }

    private static String tool(String name, List<String> arguments) {
        var output = new java.io.ByteArrayOutputStream();
        var printed = new PrintStream(output);
        ToolProvider tool = ToolProvider.findFirst(name)
                .orElseThrow(() -> new IllegalStateException("this Java has no " + name + ": it is no full JDK"));
        int status = tool.run(printed, printed, arguments.toArray(String[]::new));
        if (status != 0) {
            throw new IllegalStateException(name + " ended with status " + status + ": " + output);
        }
        return output.toString();
    }

    private static void move(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.move(from, to);
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
