package dev.cipherlink.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class RedisCommandTest {

    @Test
    void findsEachCommandByItsNameInAnyCase() {
        for (RedisCommand command : RedisCommand.values()) {
            String name = command.name();
            String small = name.toLowerCase(Locale.ROOT);
            assertSame(command, named(name));
            assertSame(command, named(small));
            assertSame(command, named(name.charAt(0) + small.substring(1)));
            assertNull(named(name + "X"));
            assertNull(named('\0' + name.substring(1)));
        }
    }

    @Test
    void findsNothingByOtherNames() {
        for (String name : new String[] {"", "G", "GETS", "FLUSHALL", "G@T", "GÉT", "get ", "x".repeat(100_000)}) {
            assertNull(named(name), name);
        }
    }

    private static RedisCommand named(String name) {
        return RedisCommand.named(name.getBytes(ISO_8859_1));
    }
}
