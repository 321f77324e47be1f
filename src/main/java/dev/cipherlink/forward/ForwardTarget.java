package dev.cipherlink.forward;

import java.io.IOException;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.regex.Pattern;

/// The destination of a forwarded connection: `host:port`, an IPv6 address in brackets, or the path of a Unix socket.
///
/// @param host name or address, without brackets; or an absolute path
/// @param port 1 .. 65,535; 0 beside a path
public record ForwardTarget(String host, int port) {

    static final int MAX_PORT = 65_535;
    private static final int MAX_HOST_CHARACTERS = 253;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern PORT = Pattern.compile("\\d{1,5}");
    /// What the address of a Unix socket has room for on every system.
    private static final int MAX_PATH_CHARACTERS = 103;
    /// Absolute, in one form only: without `.`, `..` and empty names.
    private static final Pattern PATH = Pattern.compile("(/(?!\\.{1,2}(?:/|$))[!-.0-~]+)+");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    /// @throws IllegalArgumentException if this cannot be a host and a port; the message says what is allowed
    public ForwardTarget {
        boolean isPath = port == 0 && isPath(host);
        if (!isPath && !isHost(host)) {
            throw new IllegalArgumentException("a host name or an IP address is needed before the port");
        }
        if (!isPath && (port < 1 || port > MAX_PORT)) {
            throw new IllegalArgumentException("a port is 1 to " + MAX_PORT);
        }
    }

    /// @throws IllegalArgumentException if it cannot be the path of a Unix socket; the message says what is allowed
    static ForwardTarget ofPath(String path) {
        if (!isPath(path)) {
            throw new IllegalArgumentException("the path of a Unix socket is absolute, without '.', '..', '//' and blanks, and has at most "
                    + MAX_PATH_CHARACTERS + " characters of ASCII");
        }
        return new ForwardTarget(path, 0);
    }

    static boolean isPath(String text) {
        return text.length() <= MAX_PATH_CHARACTERS && PATH.matcher(text).matches();
    }

    /// Whether it is a Unix socket.
    public boolean isPath() {
        return port == 0;
    }

    static boolean isHost(String host) {
        return host.length() <= MAX_HOST_CHARACTERS && (NAME.matcher(host).matches() || IPV6.matcher(host).matches());
    }

    /// Whether it is four numbers; they may be too large.
    static boolean isIpv4(String host) {
        return IPV4.matcher(host).matches();
    }

    /// @throws IllegalArgumentException if it is none; the message says what is allowed
    public static ForwardTarget parse(String text) {
        if (text.startsWith("/")) {
            return ofPath(text);
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("HOST:PORT or [IPV6]:PORT is needed");
        }
        String host = text.substring(0, colon);
        boolean isBracketed = host.startsWith("[") && host.endsWith("]");
        if (host.indexOf(':') >= 0 && !isBracketed) {
            throw new IllegalArgumentException("an IPv6 address needs brackets: [IPV6]:PORT");
        }
        return new ForwardTarget(isBracketed ? host.substring(1, host.length() - 1) : host,
                port(text.substring(colon + 1), 1));
    }

    /// The same, and an IPv6 address without brackets: `%h:%p` of SSH is `::1:22`.
    ///
    /// @throws IllegalArgumentException if it is none; the message says what is allowed
    public static ForwardTarget parseOfSsh(String text) {
        int colon = text.lastIndexOf(':');
        boolean isBare = colon > text.indexOf(':') && !text.startsWith("[") && !text.startsWith("/");
        if (isBare) {
            InetAddress.ofLiteral(text.substring(0, colon)); // else `::1` could be `:` and port 1
        }
        return parse(isBare ? "[" + text.substring(0, colon) + "]" + text.substring(colon) : text);
    }

    /// @throws IllegalArgumentException if it is no port number from `least` on
    static int port(String text, int least) {
        if (PORT.matcher(text).matches()) {
            int port = Integer.parseInt(text);
            if (port >= least && port <= MAX_PORT) {
                return port;
            }
        }
        throw new IllegalArgumentException("a port is " + least + " to " + MAX_PORT);
    }

    /// As [#parse] takes it.
    @Override
    public String toString() {
        return isPath() ? host : (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    /// A target was not connected to. The message is one sentence without a full stop, for people.
    public static final class TargetException extends IOException {
        private static final long serialVersionUID = 1;

        private final Refusal refusal;
        private final String detail;

        public TargetException(Refusal refusal, String message) {
            this(refusal, message, "");
        }

        /// @param detail for the server's operator, not for the client; empty if there is nothing to add
        TargetException(Refusal refusal, String message, String detail) {
            super(message);
            this.refusal = refusal;
            this.detail = detail;
        }

        /// Details that the client must not be told: addresses of names. Empty if there is nothing to add.
        public String detail() {
            return detail;
        }

        public Refusal refusal() {
            return refusal;
        }

        /// Why a target was not connected to, as one word of SYN_ACK (`docs/protocol.md`, section 6).
        public enum Refusal {
            /// No rule admits it.
            NOT_ALLOWED("not-allowed"),
            /// Its name does not resolve.
            NO_SUCH_HOST("no-such-host"),
            /// Nobody listens there.
            CONNECTION_REFUSED("connection-refused"),
            /// There is no way to it.
            UNREACHABLE("unreachable"),
            /// It did not answer in time.
            TIMEOUT("timeout"),
            /// Another one listens there.
            IN_USE("in-use"),
            /// Anything else.
            FAILED("failed");

            private final String code;

            Refusal(String code) {
                this.code = code;
            }

            /// The word on the wire.
            public String code() {
                return code;
            }

            /// @param code a word of the wire; one that is not known counts as [#FAILED]
            public static Refusal ofCode(String code) {
                return Arrays.stream(values()).filter(refusal -> refusal.code.equals(code)).findFirst().orElse(FAILED);
            }
        }
    }
}
