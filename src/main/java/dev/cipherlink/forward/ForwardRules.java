package dev.cipherlink.forward;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// What somebody may have connected to: `host:ports,host:ports,...`. Whatever no rule admits is refused. Immutable.
///
/// A host is a name, `*.name`, an address, `address/bits` or `*`; an IPv6 address stands in brackets, its bits too. Ports
/// are one port, `first-last` or `*`. Names are what was asked for; everything else is compared with the address that will be
/// connected to. An address that is guarded ([GuardedAddress]) is admitted only by a rule for that address or for a block
/// around it, and a loopback one by the name `localhost`.
public final class ForwardRules {

    /// Admits nothing.
    public static final ForwardRules NONE = new ForwardRules(List.of());

    /// What a rule looks like, to follow "must be".
    public static final String ALLOWED = "HOST:PORTS,... (a host: name, *.name, address, address/bits, [IPv6/bits] or *;"
            + " ports: 80, 8000-8099 or *)";

    private final List<ForwardRule> rules;

    private ForwardRules(List<ForwardRule> rules) {
        this.rules = List.copyOf(rules);
    }

    /// @throws IllegalArgumentException if a rule is wrong; the message names it and says what is allowed
    public static ForwardRules parse(String text) {
        return text.isBlank() ? NONE
                : new ForwardRules(Arrays.stream(text.split(",", -1)).map(String::strip).map(ForwardRule::parse).toList());
    }

    /// These and the others together.
    public ForwardRules and(ForwardRules others) {
        var all = new ArrayList<>(rules);
        all.addAll(others.rules);
        return new ForwardRules(all);
    }

    /// Whether there can be an address with which the target is admitted: if not, its name need not be looked up.
    boolean concern(ForwardTarget target) {
        return rules.stream().anyMatch(rule -> rule.concerns(target));
    }

    /// @param address what the target's host was resolved to, and what will be connected to
    boolean admit(ForwardTarget target, InetAddress address) {
        int bitsToName = GuardedAddress.bitsToName(address);
        return rules.stream().anyMatch(rule -> rule.admits(target, address, bitsToName));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ForwardRules that && that.rules.equals(rules);
    }

    @Override
    public int hashCode() {
        return rules.hashCode();
    }

    /// One permission, `host:ports`.
    ///
    /// @param host  who may be reached
    /// @param first the lowest port
    /// @param last  the highest port
    record ForwardRule(Host host, int first, int last) {

        private static final String LOCALHOST = "localhost";
        private static final Pattern IPV4_LIKE = Pattern.compile("[0-9.]+");

        /// Which hosts a rule means.
        sealed interface Host {

            /// `*`: every address that need not be named.
            record Any() implements Host {
            }

            /// A name that was asked for, in lower case; it is trusted to resolve to what is meant, but not to an address that
            /// has to be named. The name `localhost` means loopback.
            record Name(String name) implements Host {
            }

            /// `*.example.org`: names below it, whatever they resolve to but an address that has to be named: whoever holds a
            /// name below could point it there.
            record Below(String suffix) implements Host {
            }

            /// An address, or all that share its first bits.
            record Network(InetAddress base, int prefixBits) implements Host {
            }
        }

        /// @throws IllegalArgumentException if it is none; the message says what is allowed
        static ForwardRule parse(String text) {
            int colon = text.lastIndexOf(':');
            if (colon < 1 || text.endsWith("]")) {
                throw wrong(text, "HOST:PORT is needed");
            }
            String ports = text.substring(colon + 1);
            Host host = host(text, text.substring(0, colon));
            if (ports.equals("*")) {
                return new ForwardRule(host, 1, ForwardTarget.MAX_PORT);
            }
            String[] range = ports.split("-", -1);
            if (range.length > 2) {
                throw wrong(text, "ports are PORT, PORT-PORT or *");
            }
            int first = port(text, range[0]);
            int last = port(text, range[range.length - 1]);
            if (first > last) {
                throw wrong(text, "the range of ports begins after its end");
            }
            return new ForwardRule(host, first, last);
        }

        private static int port(String rule, String text) {
            try {
                return ForwardTarget.port(text, 1);
            } catch (IllegalArgumentException e) {
                throw wrong(rule, "ports are PORT, PORT-PORT or *, each 1 to " + ForwardTarget.MAX_PORT);
            }
        }

        private static Host host(String rule, String text) {
            if (text.equals("*")) {
                return new Host.Any();
            }
            boolean isBracketed = text.startsWith("[") && text.endsWith("]");
            if (isBracketed) {
                return network(rule, text.substring(1, text.length() - 1));
            }
            if (text.indexOf(':') >= 0) {
                throw wrong(rule, "an IPv6 address needs brackets: [IPV6]:PORT, [IPV6/BITS]:PORT");
            }
            int slash = text.indexOf('/');
            if (IPV4_LIKE.matcher(slash < 0 ? text : text.substring(0, slash)).matches()) {
                return network(rule, text);
            }
            boolean isBelow = text.startsWith("*.");
            String name = normal(isBelow ? text.substring(2) : text);
            if (!ForwardTarget.isHost(name)) {
                throw wrong(rule, "a host is a name, *.NAME, an address, ADDRESS/BITS or *");
            }
            return isBelow ? new Host.Below("." + name) : new Host.Name(name);
        }

        private static Host network(String rule, String text) {
            int slash = text.indexOf('/');
            String address = slash < 0 ? text : text.substring(0, slash);
            if (address.indexOf(':') < 0 && !ForwardTarget.isIpv4(address)) {
                throw wrong(rule, "an IPv4 address has four numbers");
            }
            InetAddress base;
            try {
                base = InetAddress.ofLiteral(address);
            } catch (IllegalArgumentException e) {
                throw wrong(rule, "that is no address");
            }
            int bits = base.getAddress().length * 8;
            int prefix = slash < 0 ? bits : prefix(rule, text.substring(slash + 1), bits);
            var network = new Host.Network(base, prefix);
            for (int bit = prefix; bit < bits; bit++) {
                if ((base.getAddress()[bit / 8] & 0x80 >> bit % 8) != 0) {
                    throw wrong(rule, "the address has bits behind the first " + prefix);
                }
            }
            return network;
        }

        private static int prefix(String rule, String text, int most) {
            if (text.matches("\\d{1,3}") && Integer.parseInt(text) <= most) {
                return Integer.parseInt(text);
            }
            throw wrong(rule, "the bits of a network are 0 to " + most);
        }

        private static IllegalArgumentException wrong(String rule, String why) {
            return new IllegalArgumentException("'" + rule + "' is no rule for forwards: " + why);
        }

        /// Names are compared without case and without the dot that ends an absolute one.
        private static String normal(String name) {
            String lower = name.toLowerCase(Locale.ROOT);
            return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
        }

        /// Whether there can be an address with which this admits the target.
        boolean concerns(ForwardTarget target) {
            return isPort(target.port()) && switch (host) {
                case Host.Any _, Host.Network _ -> true;
                case Host.Name(String name) -> normal(target.host()).equals(name);
                case Host.Below(String suffix) -> normal(target.host()).endsWith(suffix);
            };
        }

        /// @param address    what the target's host was resolved to, and what will be connected to
        /// @param bitsToName see [GuardedAddress#bitsToName]
        boolean admits(ForwardTarget target, InetAddress address, int bitsToName) {
            return concerns(target) && switch (host) {
                case Host.Any _, Host.Below _ -> bitsToName == 0;
                case Host.Name(String name) -> bitsToName == 0 || name.equals(LOCALHOST) && address.isLoopbackAddress();
                case Host.Network(InetAddress base, int prefixBits) -> prefixBits >= bitsToName && isWithin(base, prefixBits, address);
            };
        }

        private boolean isPort(int port) {
            return port >= first && port <= last;
        }

        private static boolean isWithin(InetAddress base, int prefixBits, InetAddress address) {
            byte[] wanted = base.getAddress();
            byte[] given = address.getAddress();
            if (wanted.length != given.length) {
                return false;
            }
            for (int bit = 0; bit < prefixBits; bit++) {
                if (((wanted[bit / 8] ^ given[bit / 8]) & 0x80 >> bit % 8) != 0) {
                    return false;
                }
            }
            return true;
        }
    }
}
