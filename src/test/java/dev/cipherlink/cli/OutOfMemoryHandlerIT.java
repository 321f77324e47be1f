package dev.cipherlink.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.cli.Main.OutOfMemoryHandler;
import dev.cipherlink.peer.JavaProgram;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A server whose thread for sockets had died of an OutOfMemoryError lived on, served nobody, and did not end by SIGTERM.
class OutOfMemoryHandlerIT {
    @TempDir
    Path folder;

    /// A program, one of whose threads dies.
    static final class Dying {
        private Dying() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            OutOfMemoryHandler.install();
            Runnable death = () -> {
                if (arguments[1].equals("memory")) {
                    throw new OutOfMemoryError("as if");
                }
                throw new IllegalStateException("as if");
            };
            Thread thread = arguments[0].equals("platform") ? Thread.ofPlatform().start(death) : Thread.ofVirtual().start(death);
            thread.join();
            Thread.sleep(200);
            System.out.println("goes on");
        }
    }

    private Process start(String thread, String cause) throws Exception {
        return new ProcessBuilder(JavaProgram.command(folder, List.of(), Dying.class, thread, cause)).start();
    }

    @Test
    void endsTheProcessWhenAPlatformThreadDiesForWantOfMemory() throws Exception {
        Process process = start("platform", "memory");
        String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(70, process.exitValue());
        assertEquals("""
                cipherlink: out of memory, and a thread that the process needs has died
                  try: start it again with more: CIPHERLINK_JAVA_OPTS=-Xmx2g
                """, said);
    }

    @ParameterizedTest
    @CsvSource({"platform, other", "virtual, memory", "virtual, other"})
    void leavesItAloneOtherwiseAndShowsTheTrace(String thread, String cause) throws Exception {
        Process process = start(thread, cause);
        assertEquals("goes on\n", new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        String said = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());
        assertTrue(said.startsWith("Exception in thread \"") && said.contains("as if\n\tat "), said);
    }
}
