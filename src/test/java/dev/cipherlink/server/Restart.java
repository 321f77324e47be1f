package dev.cipherlink.server;

import dev.cipherlink.store.KeyValueStore;
import java.net.BindException;
import java.time.Duration;
import org.awaitility.Awaitility;

/// Starts a server on the port of one before it. A connection of another test may have that port for a while: then again.
public final class Restart {

    private Restart() {
    }

    public static Server of(ServerConfig config, KeyValueStore store) {
        return Awaitility.await().pollDelay(Duration.ZERO).ignoreException(BindException.class)
                .until(() -> Server.start(config, store), _ -> true);
    }
}
