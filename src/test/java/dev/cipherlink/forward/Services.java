package dev.cipherlink.forward;

import dev.cipherlink.forward.Programs.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/// The services to which tests forward, each with its data in a folder of the test.
public final class Services {

    private static final boolean IS_ROOT = System.getProperty("user.name").equals("root");

    private Services() {
    }

    static Service redis(Path folder) throws IOException {
        return Service.start(folder, Programs.require("redis-server", "redis-server"), "--port", "{port}", "--bind", "127.0.0.1",
                "--save", "", "--appendonly", "no");
    }

    static Service iperf(Path folder) throws IOException {
        return Service.start(folder, Programs.require("iperf3", "iperf3"), "-s", "-B", "127.0.0.1", "-p", "{port}");
    }

    /// Serves the repositories in the folder, to read and to write.
    static Service git(Path folder) throws IOException {
        return Service.start(folder, Programs.assume("git"), "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack",
                "--listen=127.0.0.1", "--port={port}", "--base-path=" + folder);
    }

    /// Serves the folder `data` in the folder, which is made, to read and to write.
    static Service rsync(Path folder) throws IOException {
        String rsync = Programs.assume("rsync");
        Path data = Files.createDirectories(folder.resolve("data"));
        Path settings = Files.writeString(folder.resolve("rsyncd.conf"), "use chroot = no\nreverse lookup = no\n[data]\npath = " + data
                + "\nread only = no\n" + (IS_ROOT ? "uid = root\ngid = root\n" : ""));
        return Service.start(folder, rsync, "--daemon", "--no-detach", "--address=127.0.0.1", "--port={port}", "--config=" + settings);
    }

    /// Serves the folder `data` in the folder, which is made, to read and to write, by rclone.
    static Service webdav(Path folder) throws IOException {
        String rclone = Programs.assume("rclone");
        Path data = Files.createDirectories(folder.resolve("data"));
        return Service.start(folder, rclone, "--config", "/dev/null", "serve", "webdav", "--addr", "127.0.0.1:{port}", data.toString());
    }

    /// A database `postgres` with a user `ann`, also at the Unix socket `.s.PGSQL.<port>` of the folder `pg` in the folder.
    static Service postgres(Path folder) throws IOException, InterruptedException {
        String initdb = Programs.assume("initdb");
        String postgres = Programs.assume("postgres");
        Path data = Files.createDirectories(folder.resolve("pg"));
        // It refuses to run as root.
        String[] asUser = IS_ROOT ? new String[] {Programs.assume("runuser"), "-u", "postgres", "--"} : new String[0];
        if (IS_ROOT) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            Programs.run(folder, "/bin/chown", "postgres", data.toString());
        }
        Programs.run(folder, command(asUser, initdb, "-D", data + "/data", "-U", "ann", "--auth=trust", "--no-sync"));
        return Service.start(folder, command(asUser, postgres, "-D", data + "/data", "-p", "{port}", "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=" + data, "-c", "fsync=off"));
    }

    /// An SSH server, for the key `user` that this makes in the folder.
    public static Service sshd(Path folder) throws IOException, InterruptedException {
        String sshd = Programs.require("sshd", "openssh-server");
        String keygen = Programs.require("ssh-keygen", "openssh-client");
        for (String key : List.of("host", "user")) {
            Programs.run(folder, keygen, "-q", "-t", "ed25519", "-N", "", "-f", key);
        }
        if (IS_ROOT) {
            Files.createDirectories(Path.of("/run/sshd"));
        }
        Path settings = Files.writeString(folder.resolve("sshd_config"), String.join("\n", "ListenAddress 127.0.0.1",
                "HostKey " + folder.resolve("host"), "AuthorizedKeysFile " + folder.resolve("user.pub"), "StrictModes no",
                "UsePAM no", "PidFile none", ""));
        return Service.start(folder, sshd, "-D", "-e", "-p", "{port}", "-f", settings.toString());
    }

    /// ssh with the key of [#sshd], and a socket `c` in the folder for a connection that is shared.
    ///
    /// @param options and the command
    public static String[] ssh(Path folder, int port, String... options) {
        return command(new String[] {Programs.require("ssh", "openssh-client"), "-F", "none", "-i", folder.resolve("user").toString(), "-p",
            String.valueOf(port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o",
            "BatchMode=yes", "-o", "ControlPath=" + folder.resolve("c")}, options);
    }

    /// The words of a command.
    static String[] command(String[] first, String... rest) {
        return Stream.of(first, rest).flatMap(Stream::of).toArray(String[]::new);
    }
}
