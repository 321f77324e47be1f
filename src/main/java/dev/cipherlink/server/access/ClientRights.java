package dev.cipherlink.server.access;

import dev.cipherlink.command.Access;
import dev.cipherlink.command.Command;
import dev.cipherlink.forward.ForwardRules;
import dev.cipherlink.forward.ListenRules;
import dev.cipherlink.store.KeyValueStore;
import dev.cipherlink.store.Usage.Quota;
import java.net.InetAddress;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What a client may do, from the options of its line in the authorized-keys file: `docs/configuration.md`, "The line of a
/// key". Immutable; equal if the options are, whatever their order.
public final class ClientRights {

    private static final Pattern PRINTABLE = Pattern.compile("[!-~]+");
    private static final int MOST = 1_000_000;
    /// The record of a session has no room for more.
    private static final int MAX_SESSION_CHARACTERS = 65_535;

    /// The rights of a line without options.
    public static final ClientRights USER = parse(List.of());
    /// The rights of a holder of the shared key.
    public static final ClientRights OPERATOR = parse(List.of("operator"));

    /// A part of the server that a client may use.
    public enum Service {
        /// The commands of the store.
        KV,
        /// The commands of the chat.
        CHAT,
        /// Connections to targets.
        FORWARD;

        static final Set<Service> ALL = Set.of(values());

        static Set<Service> parse(String words) {
            var services = EnumSet.noneOf(Service.class);
            for (String word : words.split(",", -1)) {
                try {
                    services.add(valueOf(word.toUpperCase(Locale.ROOT)));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException("services: '" + word + "' must be kv, chat or forward, joined by commas", e);
                }
            }
            return Set.copyOf(services);
        }
    }

    /// The options by name, as they are written.
    private enum Option {
        OPERATOR("operator"), DENIED("denied"), FORWARD("forward="), LISTEN("listen="), KEYS("keys="), SERVICES("services="), FROM("from="),
        EXPIRES("expires="), MAX_CONNECTIONS("max-connections="), MAX_BYTES("max-bytes="), RATE("rate=");

        private final String text;

        Option(String text) {
            this.text = text;
        }

        private boolean hasValue() {
            return text.endsWith("=");
        }

        /// Whether several of them add up.
        private boolean mayRepeat() {
            return this == FORWARD || this == LISTEN || this == KEYS || this == FROM;
        }

        /// Whether it has a meaning inside a session; the others are about connections.
        private boolean isOfSession() {
            return this == OPERATOR || this == KEYS || this == SERVICES || this == RATE || this == MAX_BYTES;
        }

        private static Option of(String option) {
            for (Option known : values()) {
                boolean isKnown = known.hasValue() ? option.startsWith(known.text) && option.length() > known.text.length()
                        : option.equals(known.text);
                if (isKnown) {
                    return known;
                }
            }
            throw new IllegalArgumentException("unknown option: there are operator, denied, forward=HOST:PORTS,..., listen=HOST:PORTS,..., "
                    + "keys=ro:PREFIX*,rw:PREFIX*,..., services=kv,chat,forward, from=ADDRESS/BITS,..., expires=DATE, "
                    + "max-connections=N, max-bytes=N and rate=N");
        }

        private String value(String option) {
            return option.substring(text.length());
        }
    }

    private final List<String> options;
    private final boolean isOperator;
    private final boolean isDenied;
    private final ForwardRules forwards;
    private final ListenRules listens;
    private final KeyRules keys;
    private final Set<Service> services;
    private final List<Netblock> from;
    private final Optional<Instant> expires;
    private final int maxConnections;
    private final long maxBytes;
    private final int rate;
    /// Whether every command of store and chat is allowed.
    private final boolean isUnlimited;

    private ClientRights(List<String> given) {
        options = List.copyOf(given);
        var seen = EnumSet.noneOf(Option.class);
        var keyRules = new ArrayList<KeyRules.KeyRule>();
        var blocks = new ArrayList<Netblock>();
        ForwardRules targets = ForwardRules.NONE;
        ListenRules addresses = ListenRules.NONE;
        Set<Service> allowed = Service.ALL;
        Optional<Instant> end = Optional.empty();
        int connections = MOST;
        long bytes = 0;
        int perSecond = 0;
        for (String text : given) {
            Option option = Option.of(text);
            if (!PRINTABLE.matcher(text).matches()) {
                throw new IllegalArgumentException("an option has printable ASCII characters only");
            }
            if (!seen.add(option) && !option.mayRepeat()) {
                throw new IllegalArgumentException("the option " + option.text + " is there twice");
            }
            switch (option) {
                case OPERATOR, DENIED -> { }
                case FORWARD -> targets = targets.and(ForwardRules.parse(option.value(text)));
                case LISTEN -> addresses = addresses.and(ListenRules.parse(option.value(text)));
                case KEYS -> keyRules.addAll(KeyRules.parse(option.value(text)).rules());
                case SERVICES -> allowed = Service.parse(option.value(text));
                case FROM -> {
                    for (String block : option.value(text).split(",", -1)) {
                        blocks.add(Netblock.parse(block));
                    }
                }
                case EXPIRES -> end = Optional.of(instant(option.value(text)));
                case MAX_CONNECTIONS -> connections = whole(option, text);
                case MAX_BYTES -> bytes = bytes(option.value(text));
                case RATE -> perSecond = whole(option, text);
            }
        }
        isOperator = seen.contains(Option.OPERATOR);
        isDenied = seen.contains(Option.DENIED);
        forwards = targets;
        listens = addresses;
        keys = seen.contains(Option.KEYS) ? new KeyRules(keyRules) : KeyRules.ALL;
        services = allowed;
        from = List.copyOf(blocks);
        expires = end;
        maxConnections = connections;
        maxBytes = bytes;
        rate = perSecond;
        if (ofSession().length() > MAX_SESSION_CHARACTERS) {
            throw new IllegalArgumentException("keys= and the other options of a session have at most " + MAX_SESSION_CHARACTERS
                    + " characters together");
        }
        isUnlimited = keys == KeyRules.ALL && mayUse(Service.KV) && mayUse(Service.CHAT);
    }

    /// @throws IllegalArgumentException if an option is unknown or wrong; the message says what is allowed
    public static ClientRights parse(List<String> options) {
        return new ClientRights(options);
    }

    /// The rights of a session as [#ofSession] writes them.
    public static ClientRights parseSession(String text) {
        return parse(text.isEmpty() ? List.of() : List.of(text.split(" ")));
    }

    /// @param text a date, which ends the key when it begins in UTC, or a moment in UTC, such as `2027-01-31T18:00:00Z`
    private static Instant instant(String text) {
        try {
            return text.indexOf('T') < 0 ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant() : Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException("expires must be a date or a moment in UTC: 2027-01-31 or 2027-01-31T18:00:00Z", e);
        }
    }

    private static int whole(Option option, String text) {
        String value = option.value(text);
        if (!value.matches("[1-9]\\d{0,6}") || Integer.parseInt(value) > MOST) {
            throw new IllegalArgumentException(option.text + " must be a whole number, 1 to " + MOST);
        }
        return Integer.parseInt(value);
    }

    private static long bytes(String value) {
        if (!value.matches("[1-9]\\d{0,17}")) {
            throw new IllegalArgumentException("max-bytes= must be a whole number of bytes from 1 on");
        }
        return Long.parseLong(value);
    }

    /// In the order in which they were given.
    public List<String> options() {
        return options;
    }

    /// Whether the client may inspect and end other connections, and keep order in the chat.
    public boolean isOperator() {
        return isOperator;
    }

    boolean isDenied() {
        return isDenied;
    }

    /// Its targets in addition to those of all clients.
    public ForwardRules forwards() {
        return forwards;
    }

    /// The addresses on which it may have the server listen.
    public ListenRules listens() {
        return listens;
    }

    KeyRules keys() {
        return keys;
    }

    public boolean mayUse(Service service) {
        return services.contains(service);
    }

    /// Decides whether the client may run a command: one of the chat by its services, one that uses keys by each of these, all
    /// others always.
    ///
    /// @return why not, beginning with `denied: `; null if the client may run it
    public String refusal(Command command) {
        String reason = isUnlimited ? null : reason(command);
        return reason == null ? null : "denied: " + reason + " (" + ofSession() + ")";
    }

    /// @return null if it is allowed
    private String reason(Command command) {
        if (command instanceof Command.Chat) {
            return mayUse(Service.CHAT) ? null : "your key may not use the chat";
        }
        var denied = new KeyCheck();
        command.forEachKey(denied);
        return denied.refusal;
    }

    /// Finds the first key that the client may not use so.
    private final class KeyCheck implements Command.KeyUser {
        private String refusal;

        @Override
        public void uses(byte[] key, Access access) {
            if (refusal == null) {
                refusal = !mayUse(Service.KV) ? "your key may not use the store"
                        : access == Access.LIST && !keys.mayList(key) ? "your key may only list below its own prefixes"
                        : access != Access.LIST && !keys.mayRead(key) ? "your key may not read this one"
                        : access.isWrite() && !keys.mayWrite(key) ? "your key may not write this one" : null;
            }
        }
    }

    /// Whether the client may connect from this address.
    public boolean admits(InetAddress address) {
        return from.isEmpty() || from.stream().anyMatch(block -> block.contains(address));
    }

    /// When the key loses its admission.
    Optional<Instant> expires() {
        return expires;
    }

    public boolean isExpired(Instant now) {
        return expires.filter(end -> !now.isBefore(end)).isPresent();
    }

    /// Connections at a time, forwards included.
    public int maxConnections() {
        return maxConnections;
    }

    /// Requests in a second, of all its connections together; 0 for no limit.
    public int rate() {
        return rate;
    }

    /// The most bytes to which the client may bring the keys that it may write. The first call for these keys begins to count them.
    ///
    /// @return null if there is no limit
    public Quota quota(KeyValueStore store) {
        return maxBytes == 0 ? null : new Quota(store.usage(keys.toString(), keys), maxBytes);
    }

    /// The options that hold inside a session, in a fixed order: a session ends when they change.
    public String ofSession() {
        return options.stream().filter(option -> Option.of(option).isOfSession()).sorted().collect(Collectors.joining(" "));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ClientRights that && Set.copyOf(that.options).equals(Set.copyOf(options));
    }

    @Override
    public int hashCode() {
        return Set.copyOf(options).hashCode();
    }

    @Override
    public String toString() {
        return String.join(" ", options);
    }
}
