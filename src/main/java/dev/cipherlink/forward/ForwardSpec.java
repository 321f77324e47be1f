package dev.cipherlink.forward;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What to listen on, and where what is accepted there goes.
///
/// @param bind   name or address to listen on, without brackets; `*` for all of this machine, `localhost` for both of
///               its loopback addresses
/// @param port   0 .. 65,535; 0 takes a free one
/// @param target where to; empty if each connection says so itself, by SOCKS
public record ForwardSpec(String bind, int port, Optional<ForwardTarget> target) {

    /// Listened on unless something else is said.
    public static final String LOOPBACK = "localhost";
    /// All addresses of this machine.
    public static final String EVERYWHERE = "*";

    /// The value of `-L`: `[bind:]port:host:port`.
    ///
    /// @throws IllegalArgumentException if it is none; the message says what is allowed
    public static ForwardSpec parseLocal(String text) {
        List<String> parts = split(text);
        if (parts.size() < 3 || parts.size() > 4) {
            throw new IllegalArgumentException("[BIND:]PORT:HOST:PORT is needed, IPv6 addresses in brackets");
        }
        List<String> last = parts.subList(parts.size() - 3, parts.size());
        var target = new ForwardTarget(unbracketed(last.get(1)), ForwardTarget.port(last.get(2), 1));
        return new ForwardSpec(parts.size() == 4 ? bind(parts.getFirst()) : LOOPBACK, ForwardTarget.port(last.get(0), 0),
                Optional.of(target));
    }

    /// The value of `-D`: `[bind:]port`.
    ///
    /// @throws IllegalArgumentException if it is none; the message says what is allowed
    public static ForwardSpec parseDynamic(String text) {
        List<String> parts = split(text);
        if (parts.size() > 2) {
            throw new IllegalArgumentException("[BIND:]PORT is needed, an IPv6 address in brackets");
        }
        return new ForwardSpec(parts.size() == 2 ? bind(parts.getFirst()) : LOOPBACK,
                ForwardTarget.port(parts.getLast(), 0), Optional.empty());
    }

    private static String bind(String text) {
        String host = unbracketed(text);
        if (!host.equals(EVERYWHERE) && !ForwardTarget.isHost(host)) {
            throw new IllegalArgumentException("the address to listen on is a name, an address or *");
        }
        return host;
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /// At the colons that are not inside of brackets.
    private static List<String> split(String text) {
        var parts = new ArrayList<String>();
        int start = 0;
        boolean isInside = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            isInside = c == '[' || isInside && c != ']';
            if (c == ':' && !isInside) {
                parts.add(text.substring(start, i));
                start = i + 1;
            }
        }
        parts.add(text.substring(start));
        return parts;
    }
}
