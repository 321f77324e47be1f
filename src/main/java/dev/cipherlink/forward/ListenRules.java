package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardRules.ForwardRule;
import dev.cipherlink.forward.ForwardRules.ForwardRule.Host;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The addresses on which a client may have the server listen: `host:ports,host:ports,...`. All others are refused. Immutable.
///
/// A host is an address of the server, `address/bits`, `localhost` for the loopback addresses, or `*` for each address and for all of them
/// at once. Ports are those of [ForwardRules], and so is the path of a Unix socket.
public final class ListenRules {

    /// Admits nothing.
    public static final ListenRules NONE = new ListenRules(List.of());

    private static final InetAddress LOOPBACK_4 = InetAddress.ofLiteral("127.0.0.1");
    private static final InetAddress LOOPBACK_6 = InetAddress.ofLiteral("::1");
    /// Ports that are tried for a client that leaves the choice to us.
    private static final int MAX_TRIES = 1_000;

    private final List<ForwardRule> rules;

    private ListenRules(List<ForwardRule> rules) {
        this.rules = List.copyOf(rules);
    }

    /// @throws IllegalArgumentException if a rule is wrong; the message names it and says what is allowed
    public static ListenRules parse(String text) {
        return new ListenRules(Arrays.stream(text.split(",", -1)).map(String::strip).map(ListenRules::rule).toList());
    }

    private static ForwardRule rule(String text) {
        ForwardRule rule = ForwardRule.parse(text);
        if (rule.host() instanceof Host.Below || rule.host() instanceof Host.Name(String name) && !name.equals(ForwardSpec.LOOPBACK)) {
            throw new IllegalArgumentException("'" + text + "' is no rule for listening: a host is an address of the server, ADDRESS/BITS, "
                    + "localhost or *");
        }
        return rule;
    }

    /// These and the others together.
    public ListenRules and(ListenRules others) {
        var all = new ArrayList<>(rules);
        all.addAll(others.rules);
        return new ListenRules(all);
    }

    /// What to listen on for a client: one of these, the first one that is free.
    ///
    /// @return empty if that is not allowed
    /// @throws IllegalArgumentException if the client has asked for a name; the message says what is allowed
    public List<ForwardSpec> admitted(ForwardSpec asked) {
        if (asked.isPath()) {
            boolean isAllowed = rules.stream().anyMatch(rule -> rule.host() instanceof Host.Socket(String path) && path.equals(asked.bind()));
            return isAllowed ? List.of(asked) : List.of();
        }
        List<ForwardSpec> exact = admitted(asked, IntStream.of(asked.port()));
        return asked.port() > 0 || !exact.isEmpty() ? exact : admitted(asked, rules.stream()
                .filter(rule -> !(rule.host() instanceof Host.Socket)).flatMapToInt(rule -> IntStream.rangeClosed(rule.first(), rule.last())));
    }

    private List<ForwardSpec> admitted(ForwardSpec asked, IntStream ports) {
        return ports.distinct().limit(MAX_TRIES).mapToObj(port -> new ForwardSpec(bind(asked.bind(), port), port, asked.target()))
                .filter(spec -> !spec.bind().isEmpty()).toList();
    }

    /// The part of these addresses that may be listened on; empty for none.
    private String bind(String asked, int port) {
        return switch (asked) {
            case ForwardSpec.EVERYWHERE -> rules.stream().anyMatch(rule -> rule.host() instanceof Host.Any && isPort(rule, port)) ? asked : "";
            case ForwardSpec.LOOPBACK -> {
                boolean isFirst = admit(LOOPBACK_4, port);
                boolean isSecond = admit(LOOPBACK_6, port);
                yield isFirst && isSecond ? asked : isFirst ? LOOPBACK_4.getHostAddress() : isSecond ? "::1" : "";
            }
            default -> {
                if (!ForwardTarget.isIpv4(asked) && asked.indexOf(':') < 0) {
                    throw new IllegalArgumentException("a server listens on its addresses, localhost or *, not on the name " + asked);
                }
                yield admit(InetAddress.ofLiteral(asked), port) ? asked : "";
            }
        };
    }

    private boolean admit(InetAddress address, int port) {
        return rules.stream().anyMatch(rule -> isPort(rule, port) && switch (rule.host()) {
            case Host.Any _ -> true;
            case Host.Name _ -> address.isLoopbackAddress();
            case Host.Network(InetAddress base, int prefixBits) -> !address.isAnyLocalAddress() && ForwardRule.isWithin(base, prefixBits, address);
            case Host.Below _, Host.Socket _, Host.Everything _ -> false;
        });
    }

    private static boolean isPort(ForwardRule rule, int port) {
        return port > 0 ? port >= rule.first() && port <= rule.last() : rule.first() == 1 && rule.last() == ForwardTarget.MAX_PORT;
    }
}
