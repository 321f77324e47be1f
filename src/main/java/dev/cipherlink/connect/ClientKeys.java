package dev.cipherlink.connect;

import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.HostKeyVerifier;
import dev.cipherlink.client.HostKeyVerifier.KnownHostKeys;
import dev.cipherlink.client.HostKeyVerifier.NotRevoked;
import dev.cipherlink.client.HostKeyVerifier.PinnedHostKey;
import dev.cipherlink.client.HostKeyVerifier.UnknownHost;
import dev.cipherlink.client.HostKeyVerifier.UnknownHostPolicy;
import dev.cipherlink.client.KnownHosts;
import dev.cipherlink.client.RevokedHosts;
import dev.cipherlink.client.Route;
import dev.cipherlink.console.Output;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.Prompt;
import dev.cipherlink.crypto.Fingerprint;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Keys of the client commands, to prove themselves and to know servers: a shared key (version 1), or an identity and
/// the known hosts (version 2). Closing it wipes the secret; that comes after all connections made with it.
public final class ClientKeys implements AutoCloseable {

    /// Settings that mean nothing with a shared key.
    private static final Setting[] PERSONAL = {Setting.CLIENT_IDENTITY, Setting.CLIENT_HOST_KEY};

    private final Credentials credentials;
    private final Optional<KnownHosts> knownHosts;
    private final HostKeyPrompt firstContact;
    private final boolean canAsk;
    private final Identities identities;
    /// For servers in between; empty with a shared key.
    private final Optional<Credentials> hop;
    private final Map<String, String> environment;

    private ClientKeys(Credentials credentials, Optional<Credentials> hop, Optional<KnownHosts> knownHosts, ProcessEnvironment surroundings,
            Output output) {
        Prompt prompt = new Prompt(surroundings, output);
        this.credentials = credentials;
        this.hop = hop;
        this.environment = surroundings.environment();
        this.knownHosts = knownHosts;
        this.firstContact = new HostKeyPrompt(prompt, output);
        this.canAsk = prompt.canAsk();
        this.identities = new Identities(surroundings, output);
    }

    /// Loads what the settings name. May ask for a passphrase.
    ///
    /// @param acceptNew whether the key of a server that is new is believed without asking
    /// @throws CliException if a file is missing or must not be trusted
    public static ClientKeys load(Settings settings, boolean acceptNew, ProcessEnvironment surroundings, Output output) {
        Optional<Path> shared = settings.file(Setting.CLIENT_SHARED_KEY);
        if (shared.isPresent()) {
            requireNothingPersonal(settings, acceptNew);
            return of(new Credentials.Shared(CliClient.loadKey(shared.get())), surroundings, output);
        }
        Optional<Fingerprint> pinned = settings.fingerprint(Setting.CLIENT_HOST_KEY);
        // The fingerprint of --host-key is the last server's; those in between are known hosts.
        boolean hasHops = !settings.addresses(Setting.CLIENT_VIA).isEmpty();
        Optional<KnownHosts> known = pinned.isPresent() && !hasHops ? Optional.empty() : Optional.of(knownHosts(settings));
        Identity identity = new Identities(surroundings, output).load(settings, Setting.CLIENT_IDENTITY);
        Optional<HostKeyVerifier> byFile = known.map(hosts ->
                new KnownHostKeys(hosts, acceptNew ? UnknownHostPolicy.ACCEPT_NEW : UnknownHostPolicy.REFUSE));
        HostKeyVerifier believed = pinned.<HostKeyVerifier>map(PinnedHostKey::new).orElseGet(byFile::orElseThrow);
        var details = new ConnectionDetails(output);
        Optional<KnownHosts> told = pinned.isPresent() ? Optional.empty() : known;
        Optional<Credentials> hop = byFile.map(verifier ->
                new Credentials.Personal(identity, details.telling(notRevoked(settings, verifier), known), isHybrid(settings)));
        return new ClientKeys(new Credentials.Personal(identity, details.telling(notRevoked(settings, believed), told),
                isHybrid(settings)), hop, known, surroundings, output);
    }

    private static HostKeyVerifier notRevoked(Settings settings, HostKeyVerifier believed) {
        return settings.file(Setting.CLIENT_REVOKED_HOSTS)
                .<HostKeyVerifier>map(file -> new NotRevoked(new RevokedHosts(file), believed)).orElse(believed);
    }

    /// Ready-made credentials, which it owns from now on.
    public static ClientKeys of(Credentials credentials, ProcessEnvironment surroundings, Output output) {
        return new ClientKeys(credentials, Optional.empty(), Optional.empty(), surroundings, output);
    }

    private static void requireNothingPersonal(Settings settings, boolean acceptNew) {
        String shared = settings.origin(Setting.CLIENT_SHARED_KEY).orElseThrow();
        for (Setting setting : PERSONAL) {
            String origin = settings.origin(setting).orElse("");
            if (origin.startsWith("option ")) {
                throw CliException.usage(origin.substring("option ".length()) + " has no meaning with a shared key, which "
                        + shared + " names");
            }
        }
        if (settings.isSet(Setting.CLIENT_SUITES) && isHybrid(settings)) {
            throw CliException.usage(settings.origin(Setting.CLIENT_SUITES).orElseThrow() + " asks for the hybrid handshake (client.suites), "
                    + "which a shared key does not have, and " + shared + " names a shared key; leave one of the two out");
        }
        if (settings.isOn(Setting.CLIENT_PADDING)) {
            throw CliException.usage(settings.origin(Setting.CLIENT_PADDING).orElseThrow() + " asks for padding (client.padding), "
                    + "which a shared key does not have, and " + shared + " names a shared key; leave one of the two out");
        }
        if (acceptNew) {
            throw CliException.usage("--accept-new-host-key has no meaning with a shared key, which " + shared + " names");
        }
    }

    private static boolean isHybrid(Settings settings) {
        return settings.word(Setting.CLIENT_SUITES).equals("hybrid");
    }

    /// @throws CliException if there is no place for them
    public static KnownHosts knownHosts(Settings settings) {
        return new KnownHosts(settings.file(Setting.CLIENT_KNOWN_HOSTS).orElseThrow(() ->
                CliException.usage("no known-hosts file: there is no home folder to keep one in; set "
                        + Setting.CLIENT_KNOWN_HOSTS.key() + ", or give --host-key")));
    }

    public Credentials credentials() {
        return credentials;
    }

    /// The way to the server of the settings.
    Route route(Settings settings) {
        return Routes.of(settings, environment, hop);
    }

    /// Where the keys of servers are kept; empty if they are not.
    Optional<Path> knownHostsFile() {
        return knownHosts.map(KnownHosts::path);
    }

    /// The name that this client asks for; empty for none. With a shared key names prove nothing, and the server makes one up.
    String claimedName() {
        return switch (credentials) {
            case Credentials.Shared _ -> "";
            case Credentials.Personal _ -> identities.loginName().orElse("");
        };
    }

    /// Asks about a server that is new, and keeps its key if it is the right one. Blocks on the person.
    ///
    /// @return whether to connect again; false also without a terminal to ask on
    boolean acceptFirstContact(UnknownHost host) {
        if (!canAsk || knownHosts.isEmpty()) {
            return false;
        }
        try {
            if (!firstContact.accepts(host)) {
                return false;
            }
            knownHosts.get().add(host.host(), host.port(), host.key());
            firstContact.tellKept(knownHosts.get().path());
            return true;
        } catch (IOException e) {
            throw CliException.usage("cannot keep the host key: " + FailureText.withFile(e)).withCause(e);
        }
    }

    /// The command that lets this client in, for the operator of a server that does not know it; empty with a shared key.
    Optional<String> authorizeCommand() {
        return switch (credentials) {
            case Credentials.Shared _ -> Optional.empty();
            case Credentials.Personal personal -> Optional.of("cipherlink authorize '"
                    + new PublicKeyLine(personal.identity().publicKey(), identities.userName()).encode() + "'");
        };
    }

    @Override
    public void close() {
        switch (credentials) {
            case Credentials.Shared(SharedKey key) -> key.close();
            case Credentials.Personal personal -> personal.identity().close();
        }
    }
}
