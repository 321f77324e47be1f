package dev.cipherlink.server;

import static org.awaitility.Awaitility.await;

import dev.cipherlink.client.ClientConfig;
import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.Relay.ForwardLimits;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.ServerConfig.ForwardPolicy;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import dev.cipherlink.session.CloseReason;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.MemoryStore;
import dev.cipherlink.store.StoreException;
import dev.cipherlink.store.StoreLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// A server of version 2 on a free port of the loopback interface, with an identity and a store of its own. It knows
/// one client, `ann`, who is an operator.
public final class PersonalServer implements AutoCloseable {

    private final Identity identity = Identity.generate();
    private final Identity ann = Identity.generate();
    private final KeyValueStore store;
    private final Server server;

    private PersonalServer(ClientDirectory clients, KeyValueStore store, Consumer<ServerConfig.Builder> change) throws IOException {
        this.store = store;
        ServerKeys keys = ServerKeys.personal(identity, clients == null ? new Only(ann) : clients);
        server = Server.start(ServerConfig.loopback(keys).with(change), store);
    }

    /// Admits one key.
    private record Only(Identity who) implements ClientDirectory {
        @Override
        public boolean admits(PublicKey key) {
            return key.equals(who.publicKey());
        }

        @Override
        public Optional<ClientIdentity> identify(PublicKey key) {
            return admits(key) ? Optional.of(new ClientIdentity("ann", Optional.of(key), true))
                    : Optional.empty();
        }
    }

    public static PersonalServer start() throws IOException {
        return start(_ -> { });
    }

    public static PersonalServer start(Consumer<ServerConfig.Builder> change) throws IOException {
        return new PersonalServer(null, memory(), change);
    }

    /// With other clients than ann.
    public static PersonalServer start(ClientDirectory clients) throws IOException {
        return start(clients, memory());
    }

    /// @param store closed with the server
    public static PersonalServer start(ClientDirectory clients, KeyValueStore store) throws IOException {
        return new PersonalServer(clients, store, _ -> { });
    }

    private static KeyValueStore memory() {
        return new MemoryStore(new StoreLimits(16 << 20, 1L << 30));
    }

    /// Everybody may have what these rules say.
    public static Consumer<ServerConfig.Builder> forwards(ForwardRules rules, ForwardLimits limits) {
        return to -> {
            to.forwards = new ForwardPolicy(rules, Duration.ofSeconds(5), limits);
            to.gracePeriod = Duration.ofMillis(500);
        };
    }

    /// Every counter of INFO.
    public long counter(String name) {
        return ((Number) info().get(name)).longValue();
    }

    public Identity ann() {
        return ann;
    }

    public Identity identity() {
        return identity;
    }

    public int port() {
        return server.address().getPort();
    }

    public ClientConfig clientConfig() {
        return clientConfig(ann);
    }

    public ClientConfig clientConfig(Identity who) {
        return ClientConfig.to("127.0.0.1", port(), new Credentials.Personal(who,
                new PinnedHostKey(identity.publicKey().fingerprint()), Suite.AES_GCM));
    }

    public Socket connect() throws IOException {
        return new Socket("127.0.0.1", port());
    }

    Server server() {
        return server;
    }

    public int connections() {
        return server.connections().size();
    }

    public List<Connection> live() {
        return server.connections();
    }

    Map<String, Object> info() {
        try {
            return server.services.info().read("");
        } catch (StoreException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    public long count(String name) {
        return (Long) info().get(name);
    }

    public long ended(CloseReason reason) {
        return count("closed_" + reason.name().toLowerCase(Locale.ROOT));
    }

    public long endedInAll() {
        return Arrays.stream(CloseReason.values()).mapToLong(this::ended).sum();
    }

    public void awaitEnded(CloseReason reason, long count) {
        await().pollInterval(Duration.ofMillis(5)).until(() -> ended(reason) == count);
    }

    public void awaitConnections(int count) {
        await().pollInterval(Duration.ofMillis(5)).until(() -> connections() == count);
    }

    @Override
    public void close() {
        server.close();
        store.close();
        identity.close();
        ann.close();
    }
}
