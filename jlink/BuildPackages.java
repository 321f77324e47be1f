import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/// Makes what is published, from the image that [BuildImage] has made: a Debian package, and `SHA256SUMS` of everything.
///
/// Maven runs it in the profile `packages`: `java jlink/BuildPackages.java PROJECT-FOLDER VERSION TIME`. The package needs no tool of
/// Debian to be made: it is an `ar` archive of two tar archives (deb(5)).
final class BuildPackages {
    private static final Map<String, String> ARCHITECTURES = Map.of("linux-x64", "amd64", "linux-aarch64", "arm64");
    private static final List<String> SCRIPTS = List.of("postinst", "prerm", "postrm");
    private static final String SETTINGS = "etc/cipherlink/cipherlink.yaml";

    private final Path project;
    private final Path target;
    private final String version;
    private final Instant time;
    /// Names in the package, without a slash in front, and what they hold. A folder is there with the first file in it.
    private final Map<String, Content> contents = new TreeMap<>();

    /// @param bytes  of a file, or null
    /// @param target of a link, or null
    private record Content(byte[] bytes, int mode, String target) {
    }

    private BuildPackages(Path project, String version, Instant time) {
        this.project = project;
        this.target = project.resolve("target");
        this.version = version;
        this.time = time;
    }

    public static void main(String[] args) throws IOException, GeneralSecurityException {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: BuildPackages.java PROJECT-FOLDER VERSION TIME");
        }
        var packages = new BuildPackages(Path.of(args[0]), args[1], Instant.parse(args[2]));
        String architecture = ARCHITECTURES.get(Platform.current().name());
        if (architecture != null) {
            packages.addFiles();
            packages.writeDeb(architecture);
        }
        packages.writeSums();
    }

    private void addFiles() throws IOException {
        String home = "usr/lib/cipherlink/" + version;
        Path image = target.resolve("cipherlink");
        addTree(home, image);
        contents.keySet().removeIf(name -> name.startsWith(home + "/share/") || name.equals(home + "/LICENSE"));
        link("usr/bin/cipherlink", "../lib/cipherlink/" + version + "/bin/cipherlink");
        try (Stream<Path> pages = Files.walk(image.resolve("share/man"))) {
            for (Path page : pages.filter(Files::isRegularFile).toList()) {
                add("usr/share/" + image.resolve("share").relativize(page) + ".gz", gzip(Files.readAllBytes(page)));
            }
        }
        addTree("usr/share/bash-completion", image.resolve("share/bash-completion"));
        addTree("usr/share/fish", image.resolve("share/fish"));
        addTree("usr/share/zsh/vendor-completions", image.resolve("share/zsh/site-functions"));
        Path dist = project.resolve("dist");
        add("lib/systemd/system/cipherlink.service", Files.readAllBytes(dist.resolve("systemd/cipherlink.service")));
        add("usr/lib/sysusers.d/cipherlink.conf", Files.readAllBytes(dist.resolve("systemd/sysusers.conf")));
        add("usr/lib/tmpfiles.d/cipherlink.conf", Files.readAllBytes(dist.resolve("systemd/tmpfiles.conf")));
        add(SETTINGS, Files.readAllBytes(dist.resolve("cipherlink.yaml")));
        add("usr/share/lintian/overrides/cipherlink", Files.readAllBytes(dist.resolve("debian/lintian-overrides")));
        addDocuments();
    }

    private void addDocuments() throws IOException {
        String folder = "usr/share/doc/cipherlink/";
        add(folder + "copyright", Files.readAllBytes(project.resolve("dist/debian/copyright")));
        add(folder + "changelog.gz", gzip(Files.readAllBytes(project.resolve("CHANGELOG.md"))));
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT).format(time.atOffset(ZoneOffset.UTC))
                .replace("GMT", "+0000").replaceFirst(", (\\d) ", ", 0$1 ");
        add(folder + "changelog.Debian.gz", gzip(bytes("cipherlink (" + version + "-1) unstable; urgency=medium\n\n"
                + "  * Version " + version + "; see changelog.gz.\n\n -- Cipherlink developers <cipherlink@localhost>  " + date + "\n")));
        addTree(folder + "examples/grafana", project.resolve("dist/grafana"));
        addTree(folder + "examples/prometheus", project.resolve("dist/prometheus"));
        for (String document : List.of("operations.md", "guarantees.md", "security.md")) {
            add(folder + document, Files.readAllBytes(project.resolve("docs").resolve(document)));
        }
    }

    private void addTree(String name, Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.toList()) {
                String each = name + "/" + folder.relativize(path);
                if (Files.isSymbolicLink(path)) {
                    link(each, Files.readSymbolicLink(path).toString());
                } else if (Files.isRegularFile(path)) {
                    contents.put(each, new Content(Files.readAllBytes(path), Files.isExecutable(path) ? Tar.PROGRAM : Tar.FILE, null));
                }
            }
        }
    }

    private void add(String name, byte[] bytes) {
        contents.put(name, new Content(bytes, Tar.FILE, null));
    }

    private void link(String name, String to) {
        contents.put(name, new Content(null, 0, to));
    }

    private void writeDeb(String architecture) throws IOException, GeneralSecurityException {
        Path deb = target.resolve("cipherlink_" + version + "-1_" + architecture + ".deb");
        try (OutputStream out = Files.newOutputStream(deb)) {
            out.write(bytes("!<arch>\n"));
            member(out, "debian-binary", bytes("2.0\n"));
            member(out, "control.tar.gz", control(architecture));
            member(out, "data.tar.gz", data());
        }
    }

    private void member(OutputStream out, String name, byte[] content) throws IOException {
        out.write(bytes("%-16s%-12d0     0     100644  %-10d`\n".formatted(name, time.getEpochSecond(), content.length)));
        out.write(content);
        out.write(new byte[content.length & 1]);
    }

    private byte[] control(String architecture) throws IOException, GeneralSecurityException {
        var sums = new StringBuilder();
        long kibibytes = 0;
        for (Map.Entry<String, Content> each : contents.entrySet()) {
            byte[] content = each.getValue().bytes;
            if (content != null) {
                kibibytes += Math.ceilDiv(content.length, 1_024);
                if (!each.getKey().startsWith("etc/")) {
                    sums.append(digest("MD5", content)).append("  ").append(each.getKey()).append('\n');
                }
            }
        }
        Path debian = project.resolve("dist/debian");
        var packed = new ByteArrayOutputStream();
        try (var tar = new Tar(packed, time)) {
            tar.folder(".");
            tar.file("./conffiles", bytes("/" + SETTINGS + "\n"), Tar.FILE);
            tar.file("./control", bytes(Files.readString(debian.resolve("control")).replace("@VERSION@", version)
                    .replace("@ARCHITECTURE@", architecture).replace("@SIZE@", Long.toString(kibibytes))), Tar.FILE);
            tar.file("./md5sums", bytes(sums.toString()), Tar.FILE);
            for (String script : SCRIPTS) {
                tar.file("./" + script, Files.readAllBytes(debian.resolve(script)), Tar.PROGRAM);
            }
        }
        return packed.toByteArray();
    }

    private byte[] data() throws IOException {
        var packed = new ByteArrayOutputStream();
        var folders = new java.util.HashSet<String>();
        try (var tar = new Tar(packed, time)) {
            tar.folder(".");
            for (Map.Entry<String, Content> each : contents.entrySet()) {
                String name = "./" + each.getKey();
                for (int slash = name.indexOf('/', 2); slash > 0; slash = name.indexOf('/', slash + 1)) {
                    if (folders.add(name.substring(0, slash))) {
                        tar.folder(name.substring(0, slash));
                    }
                }
                Content content = each.getValue();
                if (content.target != null) {
                    tar.link(name, content.target);
                } else {
                    tar.file(name, content.bytes, content.mode);
                }
            }
        }
        return packed.toByteArray();
    }

    /// In the form that `sha256sum -c` takes.
    private void writeSums() throws IOException, GeneralSecurityException {
        var sums = new StringBuilder();
        try (Stream<Path> files = Files.walk(target, 2)) {
            for (Path file : files.filter(each -> target.relativize(each).toString().matches(
                    "(client/cipherlink-client-|cipherlink[-_])" + version + ".*\\.(deb|tar\\.gz|jar|json)")).sorted().toList()) {
                sums.append(digest("SHA-256", Files.readAllBytes(file))).append("  ").append(target.relativize(file)).append('\n');
            }
        }
        Files.writeString(target.resolve("SHA256SUMS"), sums);
    }

    private static String digest(String algorithm, byte[] content) throws GeneralSecurityException {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    }

    private static byte[] gzip(byte[] content) throws IOException {
        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed) { { def.setLevel(9); } }) {
            gzip.write(content);
        }
        byte[] bytes = packed.toByteArray();
        bytes[8] = 2; // says that this is the best compression, which Debian asks for and Java does not tell
        return bytes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
