package dev.cipherlink.server;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cipherlink.store.Key;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import dev.cipherlink.store.Transaction;
import dev.cipherlink.store.Usage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;

/// A store in memory that claims to be durable, refuses every change while the disk is full, and counts no keys while it cannot be read.
public final class FailingDisk {

    private static final Set<String> CHANGES = Set.of("beginWrite", "record", "forget", "set", "compareAndSet", "delete", "increment",
            "append", "expire", "persist");

    private final KeyValueStore store =
            proxy(KeyValueStore.class, new MemoryStore(new StoreLimits(1_000, 1 << 20)), "begin");
    private volatile StoreException failure;
    private volatile boolean isUnreadable;

    public KeyValueStore store() {
        return store;
    }

    public void setFull(boolean isFull) {
        failure = isFull ? full() : null;
    }

    public void setUnreadable(boolean isUnreadable) {
        this.isUnreadable = isUnreadable;
    }

    private static StoreException full() {
        try (var tiny = new MemoryStore(new StoreLimits(1, 1))) {
            return assertThrows(StoreException.class, () -> tiny.set(Key.of(new byte[1]), new byte[1]));
        }
    }

    /// @param made the method whose result is wrapped as well
    private <T> T proxy(Class<T> type, T target, String made) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
            if (method.getName().equals("isDurable")) {
                return true;
            }
            if (failure != null && CHANGES.contains(method.getName())) {
                throw failure;
            }
            if (method.getName().equals("usage")) {
                arguments[1] = new Part((Usage.Space) arguments[1]);
            }
            try {
                Object result = method.invoke(target, arguments);
                return method.getName().equals(made) ? proxy(Transaction.class, (Transaction) result, "") : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }));
    }

    /// A part of the store.
    private final class Part implements Usage.Space {
        private final Usage.Space space;

        Part(Usage.Space space) {
            this.space = space;
        }

        @Override
        public boolean contains(byte[] key) {
            if (isUnreadable) {
                throw new IllegalStateException("the disk cannot be read");
            }
            return space.contains(key);
        }

        @Override
        public List<byte[]> prefixes() {
            return space.prefixes();
        }
    }
}
