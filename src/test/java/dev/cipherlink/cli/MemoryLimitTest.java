package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Issues 14.10 and 19: a server knows what its container lets it have.
class MemoryLimitTest {

    @TempDir
    Path folder;

    private long limit(String groups) throws Exception {
        return MemoryLimit.read(Files.writeString(folder.resolve("groups"), groups), folder.resolve("mount"));
    }

    private void group(String file, String content) throws Exception {
        Path path = folder.resolve("mount").resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }

    @Test
    void isTheSmallestOfTheGroupAndThoseAroundIt() throws Exception {
        group("a/memory.max", "134217728\n");
        group("a/b/memory.max", "max\n");
        assertEquals(128L << 20, limit("0::/a/b\n"));
        group("a/b/memory.max", "67108864\n");
        assertEquals(64L << 20, limit("0::/a/b\n"));
    }

    @Test
    void isThatOfTheMountWhereAContainerSeesOnlyItself() throws Exception {
        group("memory.max", "134217728\n");
        assertEquals(128L << 20, limit("0::/\n"));
        group("memory/memory.limit_in_bytes", "100663296\n");
        assertEquals(96L << 20, limit("12:cpu,cpuacct:/x\n11:memory:/docker/0123\n1:name=systemd:/\n"));
    }

    @Test
    void isNoneWhereNothingCanBeRead() throws Exception {
        assertEquals(Long.MAX_VALUE, limit("0::/a/b\nnonsense\n"));
        assertEquals(Long.MAX_VALUE, MemoryLimit.read(folder.resolve("none"), folder));
        assertTrue(MemoryLimit.ofProcess() > 0);
    }
}
