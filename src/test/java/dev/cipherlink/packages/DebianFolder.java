package dev.cipherlink.packages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.peer.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A fresh Debian in a folder, made once by debootstrap from the mirror that this machine's apt uses. Each script runs in a copy
/// of its own (an overlay in memory), with processes and a loopback interface of its own; nothing of it is left.
final class DebianFolder {
    private static final Path BASE = Path.of("target/debian").toAbsolutePath();
    private static final Path READY = Path.of("target/debian.made").toAbsolutePath();
    private static final String MORE = "--include=procps,curl";
    private static final int LIMIT_MINUTES = 15;
    /// Stands for systemd, which does not run in a folder: starts and stops what the unit says.
    private static final String SYSTEMCTL = """
            #!/bin/bash
            unit=/lib/systemd/system/cipherlink.service
            pid=$(cat /run/cipherlink.pid 2>/dev/null)
            echo "systemctl $*" >> /run/systemctl.log
            stop() {
                [ -z "$pid" ] || { kill -TERM "$pid"; tail --pid="$pid" -f /dev/null; rm /run/cipherlink.pid; }
            }
            start() {
                cd "$(sed -n 's/^WorkingDirectory=//p' $unit)" || exit 1
                setsid runuser -u "$(sed -n 's/^User=//p' $unit)" -- env -i HOME=/var/lib/cipherlink \\
                    $(sed -n 's/^ExecStart=//p' $unit) >> /run/cipherlink.log 2>&1 < /dev/null &
                for i in $(seq 600); do
                    pid=$(pgrep -u cipherlink -f 'dev.cipherlink.cli.Main serve')
                    [ -n "$pid" ] && grep -q "^listening on" /run/cipherlink.log && break
                    sleep 0.1
                done
                echo "$pid" > /run/cipherlink.pid
            }
            case $* in
                "enable --now "* | "start "*) : > /run/cipherlink.log; start ;;
                "stop "* | "disable --now "*) stop ;;
                "restart "*) stop; : > /run/cipherlink.log; start ;;
                "try-restart "*) [ -z "$pid" ] || { stop; : > /run/cipherlink.log; start; } ;;
                "reload "*) kill -HUP "$pid" ;;
            esac
            """;

    private DebianFolder() {
    }

    private static void make() throws IOException, InterruptedException {
        if (Files.exists(READY) && Files.readString(READY).equals(MORE)) {
            return;
        }
        String[] release = output("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages").lines()
                .filter(line -> !line.contains("security") && !line.contains("-updates")).findFirst().orElseThrow().split(" ");
        Files.createDirectories(BASE.getParent());
        output("rm", "-rf", BASE.toString());
        output("debootstrap", "--variant=minbase", MORE, release[1], BASE.toString(), release[0]);
        Files.writeString(READY, MORE);
    }

    /// Runs a script as root, in the folder `/root` with the package in it; it ends with status 0.
    ///
    /// @param script for `bash -e`
    /// @return what it printed
    static String run(Path folder, String script) throws IOException, InterruptedException {
        make();
        Path files = Files.createDirectories(folder.resolve("files"));
        Files.copy(deb(), files.resolve(deb().getFileName()));
        Files.writeString(files.resolve("script"), script);
        Files.writeString(files.resolve("systemctl"), SYSTEMCTL);
        Path start = Files.writeString(folder.resolve("start"), """
                set -e
                mount -t tmpfs none %1$s
                mkdir %1$s/upper %1$s/work %1$s/root
                mount -t overlay overlay -o lowerdir=%2$s,upperdir=%1$s/upper,workdir=%1$s/work %1$s/root
                cd %1$s/root
                mount -t proc proc proc
                mount --rbind /dev dev
                mkdir -p run/systemd/system
                cp %3$s/*.deb %3$s/script root/
                install -m 0755 %3$s/systemctl usr/bin/systemctl
                exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \\
                    chroot . bash -c 'cd /root && exec bash -e script'
                """.formatted(Files.createDirectories(folder.resolve("mount")), BASE, files));
        var builder = Python.program("own_network.py", "8888", "/usr/bin/unshare", "--mount", "--pid", "--fork", "--kill-child",
                "bash", start.toString());
        return output(builder, folder.resolve("output"));
    }

    /// The package of this build.
    static Path deb() throws IOException {
        try (Stream<Path> built = Files.list(Path.of("target"))) {
            List<Path> found = built.filter(file -> file.toString().endsWith(".deb")).toList();
            assertEquals(1, found.size(), () -> "packages: " + found + "; ./mvnw -Ppackages makes one");
            return found.getFirst().toAbsolutePath();
        }
    }

    static String output(String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("packages", ".out");
        try {
            return output(new ProcessBuilder(command), output);
        } finally {
            Files.delete(output);
        }
    }

    private static String output(ProcessBuilder builder, Path output) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile())
                .redirectInput(Path.of("/dev/null").toFile()).start();
        try {
            assertTrue(process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES), () -> read(output));
            assertEquals(0, process.exitValue(), () -> builder.command() + "\n" + read(output));
            return read(output);
        } finally {
            process.destroyForcibly();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
