package dev.cipherlink.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much memory the control groups that a process is in let it have, as a container does.
final class MemoryLimit {
    private static final Path MOUNT = Path.of("/sys/fs/cgroup");
    private static final Path OWN = Path.of("/proc/self/cgroup");

    private MemoryLimit() {
    }

    /// @return bytes; [Long#MAX_VALUE] if there is no limit, or none that can be read
    static long ofProcess() {
        return read(OWN, MOUNT);
    }

    /// @param groups as `/proc/self/cgroup` has them
    /// @param mount  as `/sys/fs/cgroup`
    static long read(Path groups, Path mount) {
        long limit = Long.MAX_VALUE;
        try {
            for (String line : Files.readAllLines(groups)) {
                // number:controllers:path
                String[] parts = line.split(":", 3);
                if (parts.length == 3 && parts[1].isEmpty()) {
                    limit = Math.min(limit, smallest(mount, parts[2], "memory.max"));
                } else if (parts.length == 3 && parts[1].equals("memory")) {
                    limit = Math.min(limit, smallest(mount.resolve("memory"), parts[2], "memory.limit_in_bytes"));
                }
            }
        } catch (IOException e) {
            // Another system: there is nothing to be told.
        }
        return limit;
    }

    /// Of the group and those that it is in. In a container the mount may begin with the group itself.
    private static long smallest(Path mount, String group, String file) {
        long limit = Long.MAX_VALUE;
        for (Path each = mount.resolve(group.replaceFirst("^/+", "")); each != null && each.startsWith(mount); each = each.getParent()) {
            limit = Math.min(limit, number(each.resolve(file)));
        }
        return limit;
    }

    private static long number(Path file) {
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (IOException | NumberFormatException e) {
            // There is no such group here, or it has no limit.
            return Long.MAX_VALUE;
        }
    }
}
