package dev.cipherlink.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/// Rules of forwards, targets, and what `-L` and `-D` take: one that is read as the same again, or a refusal. No rule that names
/// no address admits a guarded one.
public final class ForwardRulesFuzz implements FuzzTarget {
    private static final InetAddress METADATA = InetAddress.ofLiteral("169.254.169.254");

    @Override
    public byte[][] seeds() {
        return FuzzTarget.latin1("10.1.2.3:22", "10.0.0.0/8:22,db:5432", "*.example.org:80", "[fd00::/8]:80", "[::1]:*", "*:8000-8099",
                "localhost:80, *:*", "[::ffff:10.0.0.1]:80", "0.0.0.0/0:*", "8080:127.0.0.1:80", "*:8080:[::1]:80", "1080", "", "a:0", "a/8:1",
                "/run/db.sock", "80:/run/db.sock", "/l:/t", "/l:web:80", "::1:22");
    }

    @Override
    public boolean accepts(byte[] input) {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        return acceptsRules(text) | accepts(text, ForwardTarget::parse)
                | accepts(text, ForwardTarget::parseOfSsh) | accepts(text, ForwardSpec::parseLocal)
                | accepts(text, ForwardSpec::parseDynamic) | accepts(text, ForwardSpec::parseRemote) | acceptsAddressToListenOn(text);
    }

    /// What a client asks a server to listen on, and the rules for that: no more ports are tried than the limit, all of them admitted.
    private static boolean acceptsAddressToListenOn(String text) {
        return accepts(text, ListenRules::parse) | accepts(text, asked -> {
            ForwardSpec spec = ForwardSpec.parseListen(asked);
            assertEquals(spec, ForwardSpec.parseListen(spec.listenText()));
            ListenRules rules = ListenRules.parse("127.0.0.1:22-9999,[::1]:80,/run/db.sock");
            for (ForwardSpec admitted : rules.admitted(spec)) {
                boolean isLoopback = admitted.bind().equals("127.0.0.1") || admitted.bind().equals("::1") || admitted.bind().equals("localhost");
                assertTrue(admitted.isPath() ? admitted.bind().equals("/run/db.sock") : isLoopback && admitted.port() >= 22, asked);
            }
            return spec;
        });
    }

    private static boolean acceptsRules(String text) {
        return accepts(text, rules -> {
            ForwardRules parsed = ForwardRules.parse(rules);
            assertEquals(parsed, ForwardRules.parse(" " + rules + " "));
            boolean namesNoAddress = rules.chars().noneMatch(c -> c >= '0' && c <= '9' && rules.indexOf('/') >= 0) && rules.indexOf("169.254") < 0;
            assertFalse(namesNoAddress && parsed.admit(new ForwardTarget("anything", 80), METADATA), rules);
            return parsed;
        });
    }

    private static boolean accepts(String text, Function<String, ?> parser) {
        try {
            parser.apply(text);
            return true;
        } catch (IllegalArgumentException e) {
            assertEquals(IllegalArgumentException.class, e.getClass(), text);
            assertFalse(e.getMessage().isEmpty());
            return false;
        }
    }
}
