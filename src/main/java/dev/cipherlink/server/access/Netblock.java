package dev.cipherlink.server.access;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// A block of addresses with a common prefix, probably of one network.
///
/// @param prefix the common bits, then zeros
/// @param bits   the prefix length
public record Netblock(InetAddress prefix, int bits) {

    private static final int IPV4_BYTES = 4;
    /// The smallest block that providers assign to an IPv6 customer.
    private static final int IPV6_SOURCE_BITS = 64;

    /// The block whose addresses one host can use: one IPv4 address, or a /64 of IPv6.
    public static Netblock source(InetAddress address) {
        return of(address, Byte.SIZE * IPV4_BYTES, IPV6_SOURCE_BITS);
    }

    public static Netblock of(InetAddress address, int ipv4Bits, int ipv6Bits) {
        byte[] bytes = address.getAddress();
        int bits = bytes.length == IPV4_BYTES ? ipv4Bits : ipv6Bits;
        if (bits < Byte.SIZE * bytes.length) {
            bytes[bits / Byte.SIZE] &= (byte) -(1 << Byte.SIZE - bits % Byte.SIZE);
            Arrays.fill(bytes, bits / Byte.SIZE + 1, bytes.length, (byte) 0);
        }
        try {
            return new Netblock(InetAddress.getByAddress(bytes), bits);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of the length of another", e);
        }
    }

    /// An address, or the block `ADDRESS/BITS`.
    ///
    /// @throws IllegalArgumentException if it is neither, or has bits behind the prefix
    static Netblock parse(String text) {
        int slash = text.indexOf('/');
        try {
            String literal = slash < 0 ? text : text.substring(0, slash);
            if (literal.indexOf(':') < 0 && literal.chars().filter(c -> c == '.').count() != 3) {
                throw new IllegalArgumentException("the old short form, in which 10.1 is 10.0.0.1");
            }
            InetAddress address = InetAddress.ofLiteral(literal);
            int most = Byte.SIZE * address.getAddress().length;
            int bits = slash < 0 ? most : Integer.parseInt(text.substring(slash + 1));
            if (bits >= 0 && bits <= most && of(address, bits, bits).prefix.equals(address)) {
                return new Netblock(address, bits);
            }
        } catch (IllegalArgumentException e) {
            // Not even an address, or no number.
        }
        throw new IllegalArgumentException("'" + text + "' must be an address or a block: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32");
    }

    /// Whether the address is in the block. An IPv4 address is in no block of IPv6, and the other way round.
    boolean contains(InetAddress address) {
        return address.getAddress().length == prefix.getAddress().length && of(address, bits, bits).equals(this);
    }

    /// Such as `192.0.2.0/24`.
    @Override
    public String toString() {
        return prefix.getHostAddress() + "/" + bits;
    }
}
