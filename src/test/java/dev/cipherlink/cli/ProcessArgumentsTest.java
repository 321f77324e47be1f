package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.cli.Main.ProcessArguments;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProcessArgumentsTest {
    @Test
    void takesArgumentsFromTheKernelWhereTheJvmLostTheirBytes() {
        byte[] commandLine = "java\0-cp\0x\0Main\0kv\0SET\0n\0Zo\u00eb\0".getBytes(StandardCharsets.UTF_8);
        String[] decoded = {"kv", "SET", "n", "Zo\uFFFD\uFFFD"};
        assertEquals("Zo\u00eb", ProcessArguments.lastOf(commandLine, decoded)[3]);
        String[] other = {"kv", "GET", "n", "Zo\uFFFD\uFFFD"};
        assertEquals("Zo" + ProcessArguments.DAMAGED + ProcessArguments.DAMAGED, ProcessArguments.lastOf(commandLine, other)[3]);
    }

    /// Issue 14.2: such an argument is refused by its mark, and was stored as U+FFFD before.
    @Test
    void marksWhatIsNoUtf8AndKeepsATypedReplacementCharacter() {
        byte[] commandLine = "java\0Main\0caf\u00e9\0a\uFFFD\0".getBytes(StandardCharsets.UTF_8);
        byte[] damaged = new String(commandLine, StandardCharsets.UTF_8).replace("\uFFFD", "").getBytes(StandardCharsets.ISO_8859_1);
        assertEquals("caf" + ProcessArguments.DAMAGED, ProcessArguments.lastOf(damaged, new String[] {"caf\uFFFD", "a"})[0]);
        assertEquals("a\uFFFD", ProcessArguments.lastOf(commandLine, new String[] {"caf\u00e9", "a\uFFFD"})[1]);
    }
}
