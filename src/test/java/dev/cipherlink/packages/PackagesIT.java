package dev.cipherlink.packages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// What the profile `packages` makes: in good form, and installed, upgraded, removed and purged in a fresh Debian; and the hour of a
/// new operator, who has the package and docs/operations.md.
@Tag("slow")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
@EnabledIfSystemProperty(named = "cipherlink.packages", matches = "true")
class PackagesIT {
    private static final String LIST = "find /usr /lib /etc /var -xdev \\( -path '*cipherlink*' \\) ! -path '/var/lib/dpkg/*' | sort";

    @TempDir
    Path folder;

    @Test
    void lintianFindsNothingButWhatTheOverridesSay() throws Exception {
        String said = DebianFolder.output("lintian", "--allow-root", "--fail-on", "error,warning", DebianFolder.deb().toString());

        assertEquals("", said);
    }

    @Test
    void sumsAndTheListOfPartsAreRight() throws Exception {
        DebianFolder.output("bash", "-c", "cd target && sha256sum --check --strict SHA256SUMS");
        String sums = Files.readString(Path.of("target/SHA256SUMS"));
        for (String file : List.of("cipherlink-\\S+\\.tar\\.gz", "cipherlink-[0-9.]+\\.jar", "cipherlink_\\S+\\.deb", "cipherlink-\\S+-sbom\\.json")) {
            assertTrue(Pattern.compile("  " + file + "$", Pattern.MULTILINE).matcher(sums).find(), sums);
        }
        String parts = Files.readString(Path.of("target/cipherlink-0.1.0-sbom.json"));
        for (String library : List.of("rocksdbjni", "lazysodium-java", "picocli", "jline-reader")) {
            assertTrue(Pattern.compile("\"name\" : \"" + library + "\"").matcher(parts).find(), library);
        }
        assertTrue(parts.contains("\"bomFormat\" : \"CycloneDX\"") && !parts.contains("junit"));
    }

    /// Built again in another folder. Of the AOT cache, docs/install.md says why it differs, and with it the archives.
    @Test
    void anotherBuildHasTheSameFiles() throws Exception {
        Path copy = folder.resolve("another");
        DebianFolder.output("bash", "-c", """
                set -e
                mkdir '%1$s' '%1$s/src'
                cp -r --preserve=mode .mvn pom.xml mvnw LICENSE CHANGELOG.md client dist docs jlink '%1$s'
                cp -r src/main '%1$s/src'
                cd '%1$s'
                ./mvnw -B -q -Dmaven.test.skip=true -Ppackages package
                """.formatted(copy));

        String differences = DebianFolder.output("bash", "-c", """
                diff -rq --no-dereference target/cipherlink '%1$s/target/cipherlink'
                for each in target/cipherlink-*.jar target/*-sbom.json; do cmp $each '%1$s'/$each; done
                true
                """.formatted(copy));
        assertEquals(List.of("lib/cipherlink.aot"), differences.lines().map(line -> line.replaceFirst("Files target/cipherlink/(\\S+) and .*", "$1"))
                .toList());
        assertEquals(members(DebianFolder.deb()), members(copy.resolve("target").resolve(DebianFolder.deb().getFileName())));
    }

    /// Names, modes, owners and times of what a package holds; sizes but for the AOT cache.
    private static List<String> members(Path deb) throws Exception {
        return DebianFolder.output("dpkg-deb", "-c", deb.toString()).lines()
                .map(line -> line.endsWith("/cipherlink.aot") ? line.replaceFirst(" \\d+ ", " ") : line).toList();
    }

    @Test
    void systemdTakesTheUnit() throws Exception {
        String said = DebianFolder.run(folder, """
                dpkg -i --force-depends cipherlink_*.deb >/dev/null
                cat /lib/systemd/system/cipherlink.service
                """);
        Path unit = Files.writeString(folder.resolve("cipherlink.service"), said.substring(said.indexOf("[Unit]"))
                .replace("/usr/bin/cipherlink", "/bin/true"));

        assertEquals("", DebianFolder.output("systemd-analyze", "verify", "--man=no", unit.toString()));
        String score = DebianFolder.output("systemd-analyze", "security", "--offline=true", "--threshold=15", unit.toString());
        assertTrue(score.contains("Overall exposure level"), score);
    }

    @Test
    void isInstalledUpgradedRemovedAndPurged() throws Exception {
        String said = DebianFolder.run(folder, """
                apt-get install -y ./cipherlink_*.deb
                cipherlink --version
                stat -c '%U %G %a %n' /var/lib/cipherlink /var/lib/cipherlink/identity /etc/cipherlink/cipherlink.yaml
                getent passwd cipherlink
                before=$(sha256sum /var/lib/cipherlink/identity)
                systemctl enable --now cipherlink
                old=$(cat /run/cipherlink.pid)
                echo '# mine' >> /etc/cipherlink/cipherlink.yaml

                mkdir next && dpkg-deb -R cipherlink_*.deb next
                sed -i 's/^Version:.*/Version: 0.1.0-2/' next/DEBIAN/control
                echo '# theirs' >> next/etc/cipherlink/cipherlink.yaml
                mv next/usr/lib/cipherlink/0.1.0 next/usr/lib/cipherlink/0.1.1
                ln -sfn ../lib/cipherlink/0.1.1/bin/cipherlink next/usr/bin/cipherlink
                sed -i 's#lib/cipherlink/0.1.0/#lib/cipherlink/0.1.1/#' next/DEBIAN/md5sums
                dpkg-deb -Zgzip -z1 -b next next.deb
                dpkg -i --force-confold next.deb
                dpkg-query -W cipherlink
                [ "$(sha256sum /var/lib/cipherlink/identity)" = "$before" ]
                tail -n 1 /etc/cipherlink/cipherlink.yaml
                [ ! -e /usr/lib/cipherlink/0.1.0 ]
                [ "$(cat /run/cipherlink.pid)" != "$old" ] && kill -0 $(cat /run/cipherlink.pid) && echo "restarted"
                dpkg --verify cipherlink || true

                apt-get remove -y cipherlink
                ! pgrep -u cipherlink
                ls /var/lib/cipherlink/identity /etc/cipherlink/cipherlink.yaml
                [ ! -e /usr/bin/cipherlink ] && [ ! -e /usr/lib/cipherlink ]
                dpkg -i next.deb
                apt-get purge -y cipherlink
                ! getent passwd cipherlink
                echo "left: $(LIST)"
                cat /run/systemctl.log
                """.replace("LIST", LIST));

        requireLines(said, "cipherlink 0\\.1\\.0", "cipherlink cipherlink 700 /var/lib/cipherlink",
                "cipherlink cipherlink 600 /var/lib/cipherlink/identity", "root root 644 /etc/cipherlink/cipherlink.yaml",
                "cipherlink:x:\\d+:\\d+:Cipherlink server.*:/var/lib/cipherlink:/usr/sbin/nologin", "cipherlink\t0\\.1\\.0-2", "# mine",
                "restarted", "\\?\\?5\\?\\?\\?\\?\\?\\? c /etc/cipherlink/cipherlink.yaml", "left: ", "systemctl try-restart cipherlink.service",
                "systemctl disable --now cipherlink.service");
        assertTrue(said.lines().noneMatch(line -> line.matches("(dpkg: )?(error|warning).*")), said);
    }

    @Test
    void anOperatorsHour() throws Exception {
        String blocks = "set -x\n" + blocks(Path.of("docs/operations.md")) + "\ncat /run/cipherlink.log\n";

        String said = DebianFolder.run(folder, blocks);

        requireLines(said, "configuration is good", "authorized client10 .*", "client10 .*", "10", "restored to .*", "the store is good",
                "\\{\"end\":true,\"keys\":10\\}", "hello from client 1.*", "revoked client1 .*", "next server key .*",
                "server key changed.*", "ready", "cipherlink_connections\\S* \\d.*");
        assertEquals(10, said.lines().filter("OK"::equals).count(), said);
    }

    private static String blocks(Path document) throws IOException {
        var found = new StringBuilder();
        Pattern.compile("^```sh\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE).matcher(Files.readString(document)).results()
                .forEach(block -> found.append(block.group(1)));
        return found.toString();
    }

    private static void requireLines(String said, String... expected) {
        for (String line : expected) {
            assertTrue(said.lines().anyMatch(each -> each.strip().matches(line.strip())), () -> "without " + line + ":\n" + said);
        }
    }
}
