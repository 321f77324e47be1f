package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Unit;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the disk has no room for is refused, and nobody hears of it.
@Timeout(120)
class ChatFullDiskIT {

    private volatile StoreException failure;

    /// A store in memory that claims to be durable, and of which commits fail.
    private KeyValueStore failing(KeyValueStore store) {
        return proxy(KeyValueStore.class, store, "begin");
    }

    /// @param made the method whose result is wrapped as well
    private <T> T proxy(Class<T> type, T target, String made) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
            if (method.getName().equals("isDurable")) {
                return true;
            }
            if (method.getName().equals("commit") && failure != null) {
                throw failure;
            }
            try {
                Object result = method.invoke(target, arguments);
                return method.getName().equals(made) ? proxy(Unit.class, (Unit) result, "") : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }

    private static StoreException full() {
        try (var tiny = new MemoryStore(new StoreLimits(1, 1))) {
            return assertThrows(StoreException.class, () -> tiny.set(Key.of(new byte[1]), new byte[1]));
        }
    }

    @Test
    void aMessageThatIsRefusedIsHeardByNobody() throws Exception {
        try (KeyValueStore store = failing(new MemoryStore(new StoreLimits(1_000, 1 << 20)));
                Server server = ChatServerChild.serve(store, 0);
                ChatUser ann = new ChatUser("ann", server.address().getPort());
                ChatUser bob = new ChatUser("bob", server.address().getPort())) {
            ann.ask("JOIN #dev");
            bob.ask("JOIN #dev");
            ann.id("SAY #dev one");
            failure = full();
            for (String refused : List.of("SAY #dev lost", "TELL bob lost", "JOIN #ops", "MUTE bob 60")) {
                String answer = ann.ask(refused);
                assertTrue(answer.startsWith("ERROR the store is full"), answer);
            }
            failure = null;
            assertEquals("", ann.ask("WHO #ops"));
            ann.id("TELL bob kept");
            bob.id("SAY #dev not muted");
            long last = ann.id("SAY #dev two");
            await().atMost(Duration.ofSeconds(20)).until(() -> bob.heard().contains(last) && !bob.directs().isEmpty());
            assertEquals(2, bob.heard().size());
            assertEquals(List.of("kept"), bob.directs());
            assertEquals(List.of("one", "not muted", "two"), bob.history(9));
        }
    }
}
