import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// A platform that an image can be built for, and where its native libraries are in the dependencies.
///
/// @param name   as in the name of the archive, such as `linux-x64`
/// @param jna    its folder in the jar of JNA
/// @param sodium its folder in the jar of Lazysodium
/// @param rocks  its library in the jar of RocksDB, where it stays
record Platform(String name, String jna, String sodium, String rocks) {

    private static final List<Platform> ALL = List.of(
            new Platform("linux-x64", "linux-x86-64", "linux64", "librocksdbjni-linux64.so"),
            new Platform("linux-aarch64", "linux-aarch64", "arm64", "librocksdbjni-linux-aarch64.so"),
            new Platform("macos-x64", "darwin-x86-64", "mac", "librocksdbjni-osx-x86_64.jnilib"),
            new Platform("macos-aarch64", "darwin-aarch64", "mac_arm", "librocksdbjni-osx-arm64.jnilib"));

    static Platform current() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "macos" : "linux";
        String machine = System.getProperty("os.arch").equals("amd64") ? "x64" : System.getProperty("os.arch");
        String name = system + "-" + (machine.equals("x86_64") ? "x64" : machine);
        return ALL.stream().filter(each -> each.name.equals(name)).findFirst().orElseThrow(() ->
                new IllegalStateException("no image for " + name + ", only for " + ALL.stream().map(Platform::name).toList()));
    }

    /// Copies libsodium and JNA's own library into `folder`, under the names that are looked for.
    void extractLibraries(List<Path> dependencies, Path folder) throws IOException {
        Files.createDirectories(folder);
        extract(dependencies, sodium, System.mapLibraryName("sodium"), folder);
        String dispatch = System.mapLibraryName("jnidispatch");
        String inJar = name.startsWith("macos") ? dispatch.replace(".dylib", ".jnilib") : dispatch;
        extract(dependencies, "com/sun/jna/" + jna, inJar, folder);
    }

    private static void extract(List<Path> dependencies, String inFolder, String file, Path folder) throws IOException {
        for (Path jar : dependencies) {
            try (var zip = new ZipFile(jar.toFile())) {
                ZipEntry entry = zip.getEntry(inFolder + "/" + file);
                if (entry != null) {
                    try (InputStream content = zip.getInputStream(entry)) {
                        Files.copy(content, folder.resolve(file));
                    }
                    return;
                }
            }
        }
        throw new IOException("no dependency holds " + inFolder + "/" + file);
    }
}
