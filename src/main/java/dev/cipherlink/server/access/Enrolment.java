package dev.cipherlink.server.access;

import dev.cipherlink.audit.AuditEvent;
import dev.cipherlink.budget.TokenBucket;
import dev.cipherlink.crypto.PublicKey;
import dev.cipherlink.crypto.PublicKeyLine;
import dev.cipherlink.server.access.ClientDirectory.ClientIdentity;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// The directory of a server that admits any key (`server.clients = any`).
///
/// A key of the authorized-keys file has its name and rights from there. Any other key gets a name on its first
/// connection and keeps it: the name it claims if that is free, otherwise one made from its fingerprint. These names are
/// kept in a file of the same format. Names of the authorized-keys file are never assigned; if the operator later gives
/// an assigned name to another key, its previous holder gets a new name on its next connection.
///
/// Keys cost nothing, so the number of names is limited, in all and per netblock (a /24 of IPv4, a /48 of IPv6) and day;
/// beyond the limit new keys are refused. A key that the authorized-keys file denies is not admitted.
///
/// Thread-safe. Lookups of known keys take no lock; a new key blocks on the disk.
public final class Enrolment implements ClientDirectory {

    /// The maximum number of names; each takes about a hundred bytes, and the whole file is rewritten for each.
    public static final int MAX_ENROLLED = 10_000;

    /// New names per netblock and day; they may all be taken at once.
    static final int NAMES_A_DAY = 20;

    private static final int MAX_NETBLOCKS = 10_000;
    private static final int IPV4_BLOCK_BITS = 24;
    private static final int IPV6_BLOCK_BITS = 48;
    private static final long TELL_NANOS = Duration.ofMinutes(1).toNanos();

    private static final Logger LOG = System.getLogger(Enrolment.class.getName());
    private static final String PREFIX = "user-";
    private static final int GROUP_CHARACTERS = 5;

    private final AuthorizedKeys authorized;
    private final AuthorizedKeys enrolled;
    private final int maxEnrolled;
    private final LongSupplier nanoClock;
    /// Ordered by use, the most recent at the end.
    private final Map<Netblock, TokenBucket> netblocks = new LinkedHashMap<>(16, 0.75f, true);
    private long toldAt;

    Enrolment(AuthorizedKeys authorized, AuthorizedKeys enrolled, int maxEnrolled, LongSupplier nanoClock) {
        this.authorized = authorized;
        this.enrolled = enrolled;
        this.maxEnrolled = maxEnrolled;
        this.nanoClock = nanoClock;
        toldAt = nanoClock.getAsLong() - TELL_NANOS;
    }

    /// @param file keeps the names; it need not exist
    /// @throws IOException if it cannot be read; see [AuthorizedKeys#load]
    public static Enrolment open(AuthorizedKeys authorized, Path file) throws IOException {
        return new Enrolment(authorized, AuthorizedKeys.load(file), MAX_ENROLLED, System::nanoTime);
    }

    /// Admits each key that the authorized-keys file does not keep out, as long as names are left for new ones.
    @Override
    public boolean admits(PublicKey key) {
        return isListed(key) ? authorized.admits(key) : enrolled.admits(key) || hasNamesLeft();
    }

    @Override
    public String refusal(PublicKey key, InetAddress from) {
        return isListed(key) ? authorized.refusal(key, from) : ClientDirectory.super.refusal(key, from);
    }

    /// Whether the authorized-keys file decides about the key. Its holder gets no name here then, even if it is not admitted.
    private boolean isListed(PublicKey key) {
        return authorized.find(key).isPresent();
    }

    private boolean hasNamesLeft() {
        return enrolled.list().size() < maxEnrolled;
    }

    @Override
    public Optional<ClientIdentity> identify(PublicKey key) {
        return isListed(key) ? authorized.identify(key) : enrolledName(key);
    }

    /// @return empty if the authorized-keys file keeps the key out, no name is left, or the name cannot be saved; the log says why
    @Override
    public Optional<ClientIdentity> welcome(PublicKey key, String claimedName, InetAddress from) {
        if (isListed(key)) {
            return authorized.welcome(key, claimedName, from);
        }
        Optional<ClientIdentity> client = enrolledName(key).or(() -> enrol(key, claimedName, from));
        if (client.isPresent()) {
            enrolled.welcome(key, claimedName, from);
        }
        return client;
    }

    private Optional<ClientIdentity> enrolledName(PublicKey key) {
        return enrolled.find(key)
                .filter(known -> authorized.find(known.name()).isEmpty())
                .map(known -> withoutRights(known.name(), key));
    }

    /// Ignores rights in the file of assigned names: rights come from the authorized-keys file only.
    private static ClientIdentity withoutRights(String name, PublicKey key) {
        return new ClientIdentity(name, Optional.of(key), false);
    }

    private synchronized Optional<ClientIdentity> enrol(PublicKey key, String claimedName, InetAddress from) {
        Optional<ClientIdentity> meanwhile = enrolledName(key);
        if (meanwhile.isPresent()) {
            return meanwhile;
        }
        try {
            Optional<AuthorizedKey> outdated = enrolled.find(key);
            if (outdated.isPresent()) {
                enrolled.remove(outdated.get().name());
            }
            if (!hasNamesLeft()) {
                tell(enrolled.path() + ": " + maxEnrolled + " names are given away, no new key is let in");
                return Optional.empty();
            }
            if (outdated.isEmpty() && !mayEnrol(from)) {
                tell("the netblock of " + from.getHostAddress() + " has had its " + NAMES_A_DAY
                        + " new names of a day: its new keys are refused meanwhile");
                return Optional.empty();
            }
            String name = isFree(claimedName) ? claimedName : generatedName(key);
            enrolled.add(new AuthorizedKey(name, key, List.of()));
            LOG.log(Level.INFO, AuditEvent.MESSAGE, new AuditEvent("key-enrolled").with("name", name).with("key", key.fingerprint()));
            return Optional.of(withoutRights(name, key));
        } catch (IOException e) {
            LOG.log(Level.WARNING, "cannot keep the name of a new client: {0}", e.getMessage());
            return Optional.empty();
        }
    }

    private boolean mayEnrol(InetAddress from) {
        long now = nanoClock.getAsLong();
        TokenBucket bucket = netblocks.computeIfAbsent(Netblock.of(from, IPV4_BLOCK_BITS, IPV6_BLOCK_BITS),
                _ -> new TokenBucket(NAMES_A_DAY / (double) Duration.ofDays(1).toSeconds(), NAMES_A_DAY, now));
        if (netblocks.size() > MAX_NETBLOCKS) {
            netblocks.remove(netblocks.keySet().iterator().next());
        }
        return bucket.take(now) == 0;
    }

    /// Logs at most once a minute, because strangers can cause it at will.
    private void tell(String warning) {
        long now = nanoClock.getAsLong();
        if (now - toldAt >= TELL_NANOS) {
            toldAt = now;
            LOG.log(Level.WARNING, warning);
        }
    }

    private boolean isFree(String name) {
        return PublicKeyLine.isName(name) && !isGenerated(name)
                && authorized.find(name).isEmpty() && enrolled.find(name).isEmpty();
    }

    /// Whether the name looks as if made from a fingerprint; such names cannot be claimed.
    private static boolean isGenerated(String name) {
        return KeySet.fold(name).startsWith(PREFIX);
    }

    /// `user-` and as much of the fingerprint as makes the name unique.
    private String generatedName(PublicKey key) {
        String fingerprint = key.fingerprint().toString();
        for (int end = GROUP_CHARACTERS - 1; PREFIX.length() + end <= PublicKeyLine.MAX_NAME_CHARACTERS;
                end += GROUP_CHARACTERS) {
            String name = PREFIX + fingerprint.substring(0, end);
            if (authorized.find(name).isEmpty() && enrolled.find(name).isEmpty()) {
                return name;
            }
        }
        throw new IllegalStateException("all names of a fingerprint are taken");
    }

    @Override
    public Optional<PublicKey> keyOf(String name) {
        return authorized.keyOf(name).or(() -> enrolled.keyOf(name));
    }

    /// As [AuthorizedKeys#recordUses], also for keys that get their names here.
    public void recordUses(LastUses record) {
        authorized.recordUses(record);
        enrolled.recordUses(record);
    }

    @Override
    public String problem(Path path) {
        return authorized.problem(path);
    }

    @Override
    public boolean mayHaveChanged() {
        return authorized.mayHaveChanged();
    }

    @Override
    public boolean refresh() {
        return authorized.refresh();
    }
}
