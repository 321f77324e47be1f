package dev.cipherlink.forward;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// The targets that a client may forward to: `host:ports,host:ports,...`. Everything else is refused. Immutable.
///
/// A host is a name, `*.name`, an address, `address/bits` or `*`; an IPv6 address stands in brackets, its bits too. Ports
/// are one port, `first-last` or `*`. The absolute path of a Unix socket is a rule for that one. Names are what was asked
/// for; everything else is compared with the address that will be connected to. An address that is guarded ([GuardedAddress]) is admitted only by a rule for that address or for a block
/// around it, and a loopback one by the name `localhost`.
public final class ForwardRules {

    /// Admits nothing.
    public static final ForwardRules NONE = new ForwardRules(List.of());

    /// The form of a rule, to follow "must be".
    public static final String ALLOWED = "HOST:PORTS,... (a host: name, *.name, address, address/bits, [IPv6/bits] or *;"
            + " ports: 80, 8000-8099 or *; or the path of a Unix socket)";

    /// Admits every target: for a program that connects to its own.
    public static final ForwardRules ALL = new ForwardRules(List.of(new ForwardRule(new ForwardRule.Host.Everything(), 0, ForwardTarget.MAX_PORT)));

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
    public boolean concern(ForwardTarget target) {
        return rules.stream().anyMatch(rule -> rule.concerns(target));
    }

    /// For a target with a port.
    ///
    /// @param address what the target's host was resolved to, and what will be connected to
    public boolean admit(ForwardTarget target, InetAddress address) {
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
    /// @param host  the hosts it admits
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

            /// A name as the client asked for it, in lower case; trusted to resolve to any address but one that
            /// has to be named. The name `localhost` means loopback.
            record Name(String name) implements Host {
            }

            /// `*.example.org`: names below it, whatever they resolve to, except an address that has to be named: the owner of a
            /// name below could point it there.
            record Below(String suffix) implements Host {
            }

            /// An address, or all that share its first bits.
            record Network(InetAddress base, int prefixBits) implements Host {
            }

            /// A Unix socket.
            record Socket(String path) implements Host {
            }

            /// Every address and every Unix socket, which no text means.
            record Everything() implements Host {
            }
        }

        /// @throws IllegalArgumentException if the syntax is wrong; the message says what is allowed
        static ForwardRule parse(String text) {
            if (text.startsWith("/")) {
                if (!ForwardTarget.isPath(text)) {
                    throw wrong(text, "that is no path of a Unix socket in its shortest form");
                }
                return new ForwardRule(new Host.Socket(text), 0, 0);
            }
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
                case Host.Any _, Host.Network _, Host.Everything _ -> true;
                case Host.Name(String name) -> normal(target.host()).equals(name);
                case Host.Below(String suffix) -> normal(target.host()).endsWith(suffix);
                case Host.Socket(String path) -> target.host().equals(path);
            };
        }

        /// @param address    what the target's host was resolved to, and what will be connected to
        /// @param bitsToName see [GuardedAddress#bitsToName]
        boolean admits(ForwardTarget target, InetAddress address, int bitsToName) {
            return concerns(target) && switch (host) {
                case Host.Any _, Host.Below _ -> bitsToName == 0;
                case Host.Name(String name) -> bitsToName == 0 || name.equals(LOCALHOST) && address.isLoopbackAddress();
                case Host.Network(InetAddress base, int prefixBits) -> prefixBits >= bitsToName && isWithin(base, prefixBits, address);
                case Host.Socket _ -> false;
                case Host.Everything _ -> true;
            };
        }

        private boolean isPort(int port) {
            return port >= first && port <= last;
        }

        static boolean isWithin(InetAddress base, int prefixBits, InetAddress address) {
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

    /// Addresses that a rule has to name, since a name or a wide rule could lead to them unnoticed: the server's own, on
    /// whichever interface; loopback, unspecified, link-local and multicast ones; and those at which clouds hand out a
    /// machine's secrets. Also IPv6 addresses that have one of those in them.
    static final class GuardedAddress {

        /// A block with fewer bits names nothing: it is as wide as `*`.
        private static final int LEAST_BITS = 8;
        /// Where services of clouds listen that are not link-local: AWS (IPv6), Alibaba, Oracle, Azure.
        private static final List<InetAddress> METADATA = List.of(InetAddress.ofLiteral("fd00:ec2::254"),
                InetAddress.ofLiteral("100.100.100.200"), InetAddress.ofLiteral("192.0.0.192"), InetAddress.ofLiteral("168.63.129.16"));
        private static final int ANY_PORT = 9;

        /// An IPv6 prefix behind which an IPv4 address stands.
        private record Embedding(byte[] prefix, int bits) {

            static Embedding of(String prefix, int bits) {
                return new Embedding(InetAddress.ofLiteral(prefix).getAddress(), bits);
            }

            boolean holds(byte[] address) {
                return Arrays.equals(address, 0, bits / 8, prefix, 0, bits / 8);
            }
        }

        /// IPv4-compatible and IPv4-mapped (the JDK turns most of those into IPv4 itself), NAT64, and 6to4.
        private static final List<Embedding> EMBEDDINGS = List.of(Embedding.of("::", 96),
                new Embedding(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0, 0}, 96), Embedding.of("64:ff9b::", 96),
                Embedding.of("2002::", 16));
        /// NAT64 of a site's own: where the IPv4 address stands is the site's choice.
        private static final Embedding LOCAL_NAT64 = Embedding.of("64:ff9b:1::", 48);

        private GuardedAddress() {
        }

        /// How many bits a rule has to give at least to name this address: 0 if it need not be named. Asks the system which
        /// addresses it has, now, in a few system calls.
        static int bitsToName(InetAddress address) {
            if (isGuarded(address)) {
                return LEAST_BITS;
            }
            byte[] bytes = address.getAddress();
            if (address instanceof Inet6Address) {
                if (LOCAL_NAT64.holds(bytes)) {
                    return LOCAL_NAT64.bits + LEAST_BITS;
                }
                for (Embedding embedding : EMBEDDINGS) {
                    int from = embedding.bits / 8;
                    if (embedding.holds(bytes) && isGuarded(ipv4(Arrays.copyOfRange(bytes, from, from + 4)))) {
                        return embedding.bits + LEAST_BITS;
                    }
                }
            }
            return 0;
        }

        private static InetAddress ipv4(byte[] bytes) {
            try {
                return InetAddress.getByAddress(bytes);
            } catch (UnknownHostException e) {
                throw new IllegalStateException("four bytes are an address", e);
            }
        }

        private static boolean isGuarded(InetAddress address) {
            return address.isLoopbackAddress() || address.isAnyLocalAddress() || address.isLinkLocalAddress()
                    || address.isMulticastAddress() || address instanceof Inet4Address && address.getAddress()[0] == 0
                    || METADATA.contains(address) || isOwn(address);
        }

        /// A packet to an address of this machine has that address as its source, too. Nothing is sent here.
        private static boolean isOwn(InetAddress address) {
            try (var channel = DatagramChannel.open()) {
                channel.connect(new InetSocketAddress(address, ANY_PORT));
                return ((InetSocketAddress) channel.getLocalAddress()).getAddress().equals(address);
            } catch (IOException | UnsupportedAddressTypeException e) {
                // No way leads there; if it was for want of a descriptor, there is none to connect with either.
                return false;
            }
        }
    }
}
