package dev.cipherlink.connect;

import dev.cipherlink.client.ClientConfig.Credentials;
import dev.cipherlink.client.KnownHosts;
import dev.cipherlink.command.Reply;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.seal.KnownPeople;
import dev.cipherlink.seal.KnownPeople.Person;
import dev.cipherlink.settings.Setting;
import dev.cipherlink.settings.Settings;
import dev.cipherlink.text.CliException;
import dev.cipherlink.text.CliException.FailureText;
import dev.cipherlink.text.ServerAddress;
import java.io.IOException;
import java.util.Optional;

/// The keys for what the server must not read: our own, and those of the people whom we have met on this server.
///
/// @param own stays that of the [ClientKeys]
public record SealingKeys(KeyPair own, PublicKey ownKey, KnownPeople people) {

    /// @return empty with a shared key, which seals nothing
    /// @throws CliException if the file of the people cannot be used
    public static Optional<SealingKeys> of(ClientKeys keys, Settings settings) {
        return switch (keys.credentials()) {
            case Credentials.Shared _ -> Optional.empty();
            case Credentials.Personal personal -> Optional.of(new SealingKeys(personal.identity().keyPair(), personal.identity().publicKey(),
                    people(settings)));
        };
    }

    private static KnownPeople people(Settings settings) {
        ServerAddress server = settings.address(Setting.CLIENT_SERVER);
        try {
            return new KnownPeople(settings.file(Setting.CLIENT_KNOWN_PEOPLE), KnownHosts.name(server.host(), server.port()));
        } catch (IOException e) {
            throw CliException.usage("cannot use the known people: " + FailureText.withFile(e)).withCause(e);
        }
    }

    /// The answer to KEY.
    ///
    /// @param ownName our own name on the server
    /// @return empty if nobody has that name, or no key
    /// @throws IOException if the server refuses, is too old, gives our own key as another's, or answers something else
    public Optional<PublicKey> answer(String name, String ownName, Reply reply) throws IOException {
        if (reply.isError()) {
            if (reply.reason().equals(Reply.NOT_FOUND.reason())) {
                return Optional.empty();
            }
            throw new IOException(reply.reason().startsWith("unknown command") ? "this server is too old to tell the keys of people"
                    : reply.reason());
        }
        PublicKey key;
        try {
            key = PublicKeyLine.parse(reply.text()).key();
        } catch (IllegalArgumentException e) {
            throw new IOException("the server gives no key that can be read: " + e.getMessage(), e);
        }
        if (isOwnUnder(name, ownName, key)) {
            throw new IOException("the server gives YOUR OWN KEY as that of " + name + ": nothing is sealed for it");
        }
        return Optional.of(key);
    }

    /// Whether a key is ours under the name of somebody else. If it were believed, the server could show us what we sealed ourselves as
    /// words of that person.
    ///
    /// @param ownName our own name on the server
    public boolean isOwnUnder(String name, String ownName, PublicKey key) {
        return key.equals(ownKey) && !name.equalsIgnoreCase(ownName);
    }

    /// The person of a name, who is kept with this key if the name is new.
    public Met meet(String name, PublicKey key) throws IOException {
        Optional<Person> known = people.find(name);
        return new Met(known.isPresent() ? known.get() : people.meet(name, key), known.isEmpty());
    }

    /// @param isNew whether the name was new until now
    public record Met(Person person, boolean isNew) {
    }

    /// Why nothing is sealed for a name that the server gives no key for.
    ///
    /// @param ifNew the reason if the name was never met
    public String whyNone(String name, String ifNew) throws IOException {
        return people.find(name).map(person -> "the server gives no key for " + person.name() + " any more, whose key is there since "
                + known(person) + ": nothing was sent").orElse(ifNew);
    }

    /// Since when a key is known, and how well.
    public static String known(Person person) {
        return person.since() + (person.isVerified() ? ", which was verified" : "");
    }

    /// @throws ChangedKeyException if a person had another key than this one
    public static void requireSame(Person person, PublicKey offered) throws ChangedKeyException {
        if (!person.key().equals(offered)) {
            throw new ChangedKeyException("the server gives another key for " + person.name() + " than the one since " + known(person));
        }
    }

    /// The server gives another key for a name than the one that the user believes.
    public static final class ChangedKeyException extends IOException {
        private static final long serialVersionUID = 1;

        ChangedKeyException(String message) {
            super(message);
        }
    }
}
