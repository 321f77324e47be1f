package dev.cipherlink.text;

/// Where a server is: `host`, `host:port`, `[v6]` or `[v6]:port`; a bare IPv6 address is a host without a port.
///
/// @param host name or address, without brackets
/// @param port 1 to 65,535; 0 for any free one to listen on
public record ServerAddress(String host, int port) {
    static final int DEFAULT_PORT = 8888;
    /// Said of a value that is no address.
    public static final String ALLOWED = "HOST, HOST:PORT or [IPV6]:PORT";

    /// @throws IllegalArgumentException if it is no address
    public static ServerAddress parse(String text) {
        String host;
        String port = null;
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            String rest = end < 0 ? "?" : text.substring(end + 1);
            if (!rest.isEmpty() && !rest.startsWith(":")) {
                throw new IllegalArgumentException(ALLOWED);
            }
            host = text.substring(1, end);
            port = rest.isEmpty() ? null : rest.substring(1);
        } else if (text.indexOf(':') != text.lastIndexOf(':')) {
            host = text;
        } else {
            int colon = text.indexOf(':');
            host = colon < 0 ? text : text.substring(0, colon);
            port = colon < 0 ? null : text.substring(colon + 1);
        }
        return new ServerAddress(requireHost(host), port == null ? DEFAULT_PORT : parsePort(port, 1));
    }

    /// An address to listen on: `host:port` or `[v6]:port`, where port 0 stands for any free one.
    ///
    /// @throws IllegalArgumentException if it is none
    public static ServerAddress parseListen(String text) {
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(0, colon));
        boolean isBracketed = host.startsWith("[") && host.endsWith("]");
        if (!isBracketed && host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("an IPv6 address in brackets");
        }
        return new ServerAddress(requireHost(isBracketed ? host.substring(1, host.length() - 1) : host),
                parsePort(text.substring(colon + 1), 0));
    }

    /// @return the same text
    /// @throws IllegalArgumentException if it cannot be a host name or an address
    public static String requireHost(String host) {
        boolean plain = host.chars().allMatch(c -> c > ' ' && c < 0x7F && "/@[]".indexOf(c) < 0);
        if (host.isEmpty() || !plain) {
            throw new IllegalArgumentException("a host name or an IP address");
        }
        return host;
    }

    /// @throws IllegalArgumentException if it is no port number from `lowest` on
    public static int parsePort(String text, int lowest) {
        if (text.matches("\\d{1,5}")) {
            int port = Integer.parseInt(text);
            if (port >= lowest && port <= 65_535) {
                return port;
            }
        }
        throw new IllegalArgumentException("a port, " + lowest + " to 65535");
    }

    public ServerAddress withHost(String other) {
        return new ServerAddress(other, port);
    }

    public ServerAddress withPort(int other) {
        return new ServerAddress(host, other);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
