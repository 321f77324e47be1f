package dev.cipherlink.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The lines that the operator of a full disk reads.
class FullDiskTest {
    private static final String FULL = "the disk of the store is full: nothing is written until there is room";
    private final Logger logger = Logger.getLogger(FullDisk.class.getName());
    private final List<String> told = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final FullDisk disk = new FullDisk(nanos::get);
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            told.add(MessageFormat.format(line.getMessage(), line.getParameters()));
        }

        @Override
        public void flush() {
            // Nothing is kept back.
        }

        @Override
        public void close() {
            // Nor open.
        }
    };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void stop() {
        logger.removeHandler(handler);
    }

    private void pass(int seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    @Test
    void isToldWhenItBeginsOnceAMinuteAndWhenItIsOver() {
        disk.committed();
        assertEquals(List.of(), told);
        disk.refused();
        assertTrue(disk.isFull);
        for (int i = 0; i < 4; i++) {
            pass(20);
            disk.refused();
        }
        assertEquals(List.of(FULL, "the disk of the store is still full: 5 writes were refused"), told);
        disk.committed();
        assertTrue(disk.isFull, "a small commit found room between large ones");
        pass(2);
        disk.committed();
        assertFalse(disk.isFull);
        assertEquals("the disk of the store has room again: 5 writes were refused", told.getLast());
        disk.refused();
        assertEquals(FULL, told.getLast());
        pass(2);
        disk.committed();
        assertEquals("the disk of the store has room again: 1 writes were refused", told.getLast());
    }

    @Test
    void countsAsShortForAMinute() {
        assertFalse(disk.hasRefusedLately());
        disk.refused();
        pass(59);
        assertTrue(disk.hasRefusedLately());
        pass(1);
        assertFalse(disk.hasRefusedLately());
    }
}
