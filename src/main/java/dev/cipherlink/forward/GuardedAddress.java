package dev.cipherlink.forward;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Arrays;
import java.util.List;

/// Addresses that a rule has to name, since a name or a wide rule could lead to them unnoticed: the server's own, on whichever
/// interface; loopback, unspecified, link-local and multicast ones; and those at which clouds hand out a machine's secrets. Also
/// IPv6 addresses that have one of those in them.
final class GuardedAddress {

    /// A block with fewer bits names nothing: it is as wide as `*`.
    private static final int LEAST_BITS = 8;
    /// Where services of clouds listen that are not link-local: AWS (IPv6), Alibaba, Oracle, Azure.
    private static final List<InetAddress> METADATA = List.of(InetAddress.ofLiteral("fd00:ec2::254"),
            InetAddress.ofLiteral("100.100.100.200"), InetAddress.ofLiteral("192.0.0.192"), InetAddress.ofLiteral("168.63.129.16"));
    private static final int ANY_PORT = 9;

    /// An IPv6 prefix behind which an IPv4 address stands.
    private record Embedding(byte[] prefix, int bits) {

        static Embedding of(String prefix, int bits) {
            return new Embedding(InetAddress.ofLiteral(prefix).getAddress(), bits);
        }

        boolean holds(byte[] address) {
            return Arrays.equals(address, 0, bits / 8, prefix, 0, bits / 8);
        }
    }

    /// IPv4-compatible and IPv4-mapped (the JDK turns most of those into IPv4 itself), NAT64, and 6to4.
    private static final List<Embedding> EMBEDDINGS = List.of(Embedding.of("::", 96),
            new Embedding(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, 0, 0}, 96), Embedding.of("64:ff9b::", 96),
            Embedding.of("2002::", 16));
    /// NAT64 of a site's own: where the IPv4 address stands is the site's choice.
    private static final Embedding LOCAL_NAT64 = Embedding.of("64:ff9b:1::", 48);

    private GuardedAddress() {
    }

    /// How many bits a rule has to give at least to name this address: 0 if it need not be named. Asks the system which
    /// addresses it has, now, in a few system calls.
    static int bitsToName(InetAddress address) {
        if (isGuarded(address)) {
            return LEAST_BITS;
        }
        byte[] bytes = address.getAddress();
        if (address instanceof Inet6Address) {
            if (LOCAL_NAT64.holds(bytes)) {
                return LOCAL_NAT64.bits + LEAST_BITS;
            }
            for (Embedding embedding : EMBEDDINGS) {
                int from = embedding.bits / 8;
                if (embedding.holds(bytes) && isGuarded(ipv4(Arrays.copyOfRange(bytes, from, from + 4)))) {
                    return embedding.bits + LEAST_BITS;
                }
            }
        }
        return 0;
    }

    private static InetAddress ipv4(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    private static boolean isGuarded(InetAddress address) {
        return address.isLoopbackAddress() || address.isAnyLocalAddress() || address.isLinkLocalAddress()
                || address.isMulticastAddress() || address instanceof Inet4Address && address.getAddress()[0] == 0
                || METADATA.contains(address) || isOwn(address);
    }

    /// What is sent to an address of this machine has that address as its source, too. Nothing is sent here.
    private static boolean isOwn(InetAddress address) {
        try (var channel = DatagramChannel.open()) {
            channel.connect(new InetSocketAddress(address, ANY_PORT));
            return ((InetSocketAddress) channel.getLocalAddress()).getAddress().equals(address);
        } catch (IOException | UnsupportedAddressTypeException e) {
            // No way leads there; if it was for want of a descriptor, there is none to connect with either.
            return false;
        }
    }
}
