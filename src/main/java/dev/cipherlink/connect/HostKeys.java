package dev.cipherlink.connect;

import dev.cipherlink.console.Output;
import dev.cipherlink.console.ProcessEnvironment;
import dev.cipherlink.console.ProcessEnvironment.Closing;
import dev.cipherlink.crypto.Identity;
import dev.cipherlink.crypto.SharedKey;
import dev.cipherlink.noise.Suite;
import dev.cipherlink.server.ServerConfig.ServerKeys;
import dev.cipherlink.server.access.AuthorizedKeys;
import dev.cipherlink.server.access.ClientDirectory;
import dev.cipherlink.server.access.ClientDirectory.ClientPolicy;
import dev.cipherlink.server.access.Enrolment;
import dev.cipherlink.server.access.LastUses;
import dev.cipherlink.server.access.NextHostKey;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.TerminalText;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The keys of `serve`: version 2 with an identity and the keys that are let in; version 1 where a shared key is
/// configured. With a shared key, and no setting of version 2 set by anybody, version 1 is all there is.
///
/// @param keys for the server; closed with this, after the server
/// @param uses of keys; saved when this is closed; empty if they are not recorded
public record HostKeys(ServerKeys keys, Optional<LastUses> uses) implements Closing {
    private static final Logger LOG = System.getLogger(HostKeys.class.getName());
    private static final String USES_FILE = "used_keys";
    private static final String ENROLLED_FILE = "enrolled_keys";

    /// Loads what the settings name, and makes an identity if there is none yet. May ask for a passphrase.
    ///
    /// @throws CliException if a file is missing or wrong
    public static HostKeys load(Settings settings, ProcessEnvironment surroundings, Output output) {
        if (!isPersonal(settings)) {
            return new HostKeys(ServerKeys.shared(sharedKey(settings).orElseThrow()), Optional.empty());
        }
        AuthorizedKeys authorized = authorized(settings);
        ClientDirectory clients = directory(settings, authorized);
        Optional<LastUses> uses = settings.file(Setting.SERVER_DATA).flatMap(HostKeys::usesIfReadable);
        uses.ifPresent(record -> record(clients, record));
        Optional<SharedKey> shared = sharedKey(settings);
        Identity identity = new Identities(surroundings, output).load(settings, Setting.SERVER_IDENTITY);
        if (authorized.list().isEmpty() && policy(settings) == ClientPolicy.AUTHORIZED) {
            output.notice("cipherlink: no client is let in yet; `cipherlink authorize` adds keys to "
                    + TerminalText.escapeLine(authorized.path().toString()));
        }
        return new HostKeys(new ServerKeys(shared, Optional.of(identity), clients, suites(settings), nextKey(settings)), uses);
    }

    /// Reads what [#load] would, but makes nothing and asks nothing.
    ///
    /// @throws CliException naming what is wrong
    public static void check(Settings settings, ProcessEnvironment surroundings, Output output) {
        sharedKey(settings).ifPresent(SharedKey::close);
        if (!isPersonal(settings)) {
            return;
        }
        directory(settings, authorized(settings));
        nextKey(settings);
        Optional<Path> file = settings.file(Setting.SERVER_IDENTITY);
        boolean isMadeOnStart = file.isPresent() && !settings.isSet(Setting.SERVER_IDENTITY)
                && !Files.exists(file.get(), LinkOption.NOFOLLOW_LINKS);
        if (!isMadeOnStart && (!isEncrypted(file) || settings.isSet(Setting.SERVER_PASSPHRASE_FILE))) {
            new Identities(surroundings, output).load(settings, Setting.SERVER_IDENTITY).close();
        }
    }

    /// When keys were last used, below the folder of the server's data.
    public static LastUses uses(Path data) {
        try {
            return LastUses.load(data.resolve(USES_FILE));
        } catch (IOException e) {
            throw CliException.usage("cannot use the record of used keys: " + FailureText.withFile(e)).withCause(e);
        }
    }

    /// No decision rests on the record, so a server starts without one that it cannot use.
    private static Optional<LastUses> usesIfReadable(Path data) {
        try {
            return Optional.of(uses(data));
        } catch (CliException e) {
            LOG.log(Level.WARNING, "it is not recorded when keys are used: {0}", e.getMessage());
            return Optional.empty();
        }
    }

    private static void record(ClientDirectory clients, LastUses uses) {
        switch (clients) {
            case AuthorizedKeys keys -> keys.recordUses(uses);
            case Enrolment keys -> keys.recordUses(uses);
            default -> throw new IllegalStateException("a directory without a file");
        }
    }

    /// Where the public line of the key stands that the server announces.
    ///
    /// @param identity the private key file of the server
    public static Path nextKeyFile(Path identity) {
        return identity.resolveSibling(identity.getFileName() + ".next.pub");
    }

    private static NextHostKey nextKey(Settings settings) {
        Optional<Path> identity = settings.file(Setting.SERVER_IDENTITY);
        try {
            return identity.isEmpty() ? NextHostKey.NONE : NextHostKey.load(nextKeyFile(identity.get()));
        } catch (IOException e) {
            throw CliException.usage("cannot use the next server key: " + FailureText.withFile(e)).withCause(e);
        }
    }

    private static boolean isEncrypted(Optional<Path> file) {
        try {
            return file.isPresent() && Identity.isEncrypted(file.get());
        } catch (IOException _) {
            return false; // loading it says what is wrong
        }
    }

    private static boolean isPersonal(Settings settings) {
        return settings.text(Setting.SERVER_SHARED_KEY).isEmpty() || settings.isSet(Setting.SERVER_IDENTITY)
                || settings.isSet(Setting.SERVER_AUTHORIZED_KEYS) || settings.isSet(Setting.SERVER_CLIENTS);
    }

    private static Set<Suite> suites(Settings settings) {
        List<String> accepted = List.of(settings.word(Setting.SERVER_SUITES).split(","));
        return Arrays.stream(Suite.values()).filter(suite -> accepted.contains(suite.kind()))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static Optional<SharedKey> sharedKey(Settings settings) {
        return settings.file(Setting.SERVER_SHARED_KEY).map(CliClient::loadKey);
    }

    private static ClientPolicy policy(Settings settings) {
        return ClientPolicy.valueOf(settings.word(Setting.SERVER_CLIENTS).toUpperCase(Locale.ROOT));
    }

    /// Where a server that lets everybody in keeps the names that it gave away.
    public static Path enrolledFile(Path data) {
        return data.resolve(ENROLLED_FILE);
    }

    private static ClientDirectory directory(Settings settings, AuthorizedKeys authorized) {
        ClientPolicy policy = policy(settings);
        if (policy == ClientPolicy.AUTHORIZED) {
            return authorized;
        }
        Path data = settings.file(Setting.SERVER_DATA).orElseThrow(() ->
                CliException.usage("no data folder: there is no home folder to have one in; give --data DIR"));
        try {
            return policy.directory(authorized, enrolledFile(data));
        } catch (IOException e) {
            throw CliException.usage("cannot use the enrolled keys: " + FailureText.withFile(e)).withCause(e);
        }
    }

    /// The fingerprints that people compare, by their names in JSON: `key`, and with both versions `shared_key`.
    public Map<String, String> fingerprints() {
        Map<String, String> fingerprints = new LinkedHashMap<>();
        keys.identity().ifPresent(identity -> fingerprints.put("key", identity.publicKey().fingerprint().toString()));
        keys.sharedKey().ifPresent(key -> fingerprints.put(fingerprints.isEmpty() ? "key" : "shared_key", key.fingerprint()));
        return fingerprints;
    }

    @Override
    public void close() {
        uses.ifPresent(LastUses::save);
        keys.identity().ifPresent(Identity::close);
        keys.sharedKey().ifPresent(SharedKey::close);
    }

    public static AuthorizedKeys authorized(Settings settings) {
        try {
            return AuthorizedKeys.load(settings.file(Setting.SERVER_AUTHORIZED_KEYS).orElseThrow(() ->
                    CliException.usage("no authorized-keys file: there is no home folder to keep one in; set "
                            + Setting.SERVER_AUTHORIZED_KEYS.key())));
        } catch (IOException e) {
            throw CliException.usage("cannot use the authorized keys: " + FailureText.withFile(e)).withCause(e);
        }
    }
}
