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

    /// Such as `192.0.2.0/24`.
    @Override
    public String toString() {
        return prefix.getHostAddress() + "/" + bits;
    }
}
