package dev.cipherlink.forward;

import dev.cipherlink.forward.ForwardTarget.TargetException;
import dev.cipherlink.forward.ForwardTarget.TargetException.Refusal;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The server's side of SOCKS 5 (RFC 1928, RFC 1929), 4 and 4a: asks a program on the unencrypted side where it wants to go.
///
/// CONNECT to an IPv4 address, an IPv6 address or a name, which is not looked up here: the server at the other end of the
/// tunnel does. Without passwords, or with them where some are configured: then version 4, which has none, is refused.
public final class Socks implements ProxyDialogue {

    static final int VERSION = 5;
    static final int OLD_VERSION = 4;
    static final int NO_AUTHENTICATION = 0;
    static final int USERNAME_PASSWORD = 2;
    static final int NO_ACCEPTABLE_METHOD = 0xff;
    static final int PASSWORD_VERSION = 1;
    static final int CONNECT = 1;
    static final int UDP_ASSOCIATE = 3;
    static final int IPV4 = 1;
    static final int NAME = 3;
    static final int IPV6 = 4;
    static final int SUCCEEDED = 0;
    static final int OLD_GRANTED = 90;
    static final int OLD_REJECTED = 91;
    static final int GENERAL_FAILURE = 1;
    static final int NOT_ALLOWED = 2;
    static final int NETWORK_UNREACHABLE = 3;
    static final int HOST_UNREACHABLE = 4;
    static final int CONNECTION_REFUSED = 5;
    static final int TTL_EXPIRED = 6;
    static final int COMMAND_NOT_SUPPORTED = 7;
    static final int ADDRESS_TYPE_NOT_SUPPORTED = 8;
    private static final int MAX_TEXT_BYTES = 255;

    private final DataInputStream in;
    private final OutputStream out;
    private final Optional<SocksPasswords> passwords;
    /// The program's; known once its first byte has been read.
    private int version = VERSION;

    Socks(InputStream in, OutputStream out, Optional<SocksPasswords> passwords) {
        this.in = new DataInputStream(in);
        this.out = out;
        this.passwords = passwords;
    }

    @Override
    public ForwardTarget request() throws IOException {
        version = in.readUnsignedByte();
        if (version == OLD_VERSION) {
            return oldRequest();
        }
        requireVersion(version, "SOCKS");
        authenticate(exactly(in.readUnsignedByte()));
        requireVersion(in.readUnsignedByte(), "request");
        int command = in.readUnsignedByte();
        in.readUnsignedByte();
        int type = in.readUnsignedByte();
        String host = switch (type) {
            case IPV4 -> address(4);
            case IPV6 -> address(16);
            case NAME -> new String(exactly(in.readUnsignedByte()), StandardCharsets.ISO_8859_1);
            default -> throw refused(ADDRESS_TYPE_NOT_SUPPORTED, "address type " + type);
        };
        return target(command, host, in.readUnsignedShort());
    }

    /// An address `0.0.0.x` announces a name behind the user's.
    private ForwardTarget oldRequest() throws IOException {
        int command = in.readUnsignedByte();
        int port = in.readUnsignedShort();
        byte[] address = exactly(4);
        untilZero("a user name");
        boolean isName = address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] != 0;
        String host = isName ? untilZero("a host name") : InetAddress.getByAddress(address).getHostAddress();
        if (passwords.isPresent()) {
            throw refused(GENERAL_FAILURE, "SOCKS version 4 has no password, and one is needed");
        }
        return target(command, host, port);
    }

    private String untilZero(String what) throws IOException {
        var text = new StringBuilder();
        for (int next = in.readUnsignedByte(); next != 0; next = in.readUnsignedByte()) {
            if (text.length() == MAX_TEXT_BYTES) {
                throw refused(GENERAL_FAILURE, what + " of more than " + MAX_TEXT_BYTES + " bytes");
            }
            text.append((char) next);
        }
        return text.toString();
    }

    private ForwardTarget target(int command, String host, int port) throws IOException {
        if (command != CONNECT) {
            throw refused(COMMAND_NOT_SUPPORTED, command == UDP_ASSOCIATE ? "SOCKS: UDP ASSOCIATE asks for UDP, and only TCP is forwarded"
                    : "SOCKS: command " + command + ", where only CONNECT is served");
        }
        try {
            return new ForwardTarget(host, port);
        } catch (IllegalArgumentException e) {
            throw refused(GENERAL_FAILURE, "an impossible host or port");
        }
    }

    private static void requireVersion(int version, String what) throws ProtocolException {
        if (version != VERSION) {
            throw new ProtocolException(what + " version " + version + ", where " + VERSION + " is served");
        }
    }

    private void authenticate(byte[] offered) throws IOException {
        int wanted = passwords.isPresent() ? USERNAME_PASSWORD : NO_AUTHENTICATION;
        for (byte method : offered) {
            if ((method & 0xff) == wanted) {
                send(VERSION, wanted);
                if (passwords.isPresent()) {
                    checkPassword(passwords.get());
                }
                return;
            }
        }
        send(VERSION, NO_ACCEPTABLE_METHOD);
        throw new ProtocolException(passwords.isPresent() ? "a user name and a password are needed"
                : "no authentication is not among the offered methods");
    }

    private void checkPassword(SocksPasswords known) throws IOException {
        int version = in.readUnsignedByte();
        if (version != PASSWORD_VERSION) {
            throw new ProtocolException("version " + version + " of the password dialogue");
        }
        byte[] user = exactly(in.readUnsignedByte());
        byte[] password = exactly(in.readUnsignedByte());
        boolean isGood = known.accepts(user, password);
        send(PASSWORD_VERSION, isGood ? 0 : 1);
        if (!isGood) {
            throw new ProtocolException("a wrong user name or password");
        }
    }

    private String address(int bytes) throws IOException {
        return InetAddress.getByAddress(exactly(bytes)).getHostAddress();
    }

    private byte[] exactly(int count) throws IOException {
        byte[] bytes = new byte[count];
        in.readFully(bytes);
        return bytes;
    }

    private ProtocolException refused(int code, String why) throws IOException {
        reply(code);
        return new ProtocolException(why);
    }

    @Override
    public void granted() throws IOException {
        reply(SUCCEEDED);
    }

    @Override
    public void refused(IOException why) throws IOException {
        reply(why instanceof TargetException e ? code(e.refusal()) : GENERAL_FAILURE);
    }

    /// The address that the answer names is all zeros: ours would mean nothing to the program.
    private void reply(int code) throws IOException {
        if (version == OLD_VERSION) {
            send(0, code == SUCCEEDED ? OLD_GRANTED : OLD_REJECTED, 0, 0, 0, 0, 0, 0);
        } else {
            send(VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0);
        }
    }

    /// The SOCKS 5 code of the server's refusal; version 4 has one code for all.
    static int code(Refusal refusal) {
        return switch (refusal) {
            case NOT_ALLOWED -> NOT_ALLOWED;
            case NO_SUCH_HOST -> HOST_UNREACHABLE;
            case CONNECTION_REFUSED -> CONNECTION_REFUSED;
            case UNREACHABLE -> NETWORK_UNREACHABLE;
            case TIMEOUT -> TTL_EXPIRED;
            case IN_USE, FAILED -> GENERAL_FAILURE;
        };
    }

    private void send(int... bytes) throws IOException {
        byte[] message = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            message[i] = (byte) bytes[i];
        }
        out.write(message);
        out.flush();
    }

    /// The users of a proxy port with their passwords. Immutable.
    public static final class SocksPasswords {

        private static final int MAX_BYTES = 255;
        private static final byte[] NOBODY = {};
        private final Map<String, byte[]> byUser;

        private SocksPasswords(Map<String, byte[]> byUser) {
            this.byUser = byUser;
        }

        /// @param lines `user:password` each; blank ones and those that begin with `#` do not count
        /// @throws IllegalArgumentException if a line is wrong; the message gives its number and no secret
        public static SocksPasswords parse(List<String> lines) {
            var byUser = new HashMap<String, byte[]>();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                int colon = line.indexOf(':');
                byte[] password = line.substring(colon + 1).getBytes(StandardCharsets.UTF_8);
                boolean isLine = colon > 0 && password.length > 0 && password.length <= MAX_BYTES
                        && line.substring(0, colon).getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
                if (!isLine || byUser.put(line.substring(0, colon), password) != null) {
                    throw new IllegalArgumentException("line " + (i + 1) + ": USER:PASSWORD is needed, each 1 to " + MAX_BYTES
                            + " bytes, each user once");
                }
            }
            if (byUser.isEmpty()) {
                throw new IllegalArgumentException("it names no user");
            }
            return new SocksPasswords(byUser);
        }

        boolean accepts(byte[] user, byte[] password) {
            byte[] right = byUser.getOrDefault(new String(user, StandardCharsets.UTF_8), NOBODY);
            return right.length > 0 & MessageDigest.isEqual(right, password);
        }
    }
}
