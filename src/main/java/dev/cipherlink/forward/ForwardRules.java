package dev.cipherlink.forward;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
}
