package dev.cipherlink.server.access;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// Addresses that begin alike, and so are likely to be one network's.
///
/// @param prefix the first bits, and zeros for the rest
/// @param bits   how many of them count
public record Netblock(InetAddress prefix, int bits) {

    private static final int IPV4_BYTES = 4;
    /// Of IPv6, what one customer has at least.
    private static final int IPV6_SOURCE_BITS = 64;

    /// What one host has at the least: an address of IPv4, a /64 of IPv6.
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
