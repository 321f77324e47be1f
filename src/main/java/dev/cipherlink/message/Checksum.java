package dev.cipherlink.message;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/// The checksum of a payload: it finds a broken peer, not an attacker (`docs/protocol.md`, section 2).
///
/// An instance belongs to one session and is used by one thread at a time.
public sealed interface Checksum {

    /// The checksum as the big-endian integer of the message header.
    int of(byte[] array, int offset, int length);

    /// What a session can negotiate.
    enum Algorithm {
        MD5, CRC32C;

        /// The name in SYN and SYN_ACK.
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        public static Optional<Algorithm> ofWireName(String name) {
            for (Algorithm algorithm : values()) {
                if (algorithm.wireName().equals(name)) {
                    return Optional.of(algorithm);
                }
            }
            return Optional.empty();
        }

        public Checksum create() {
            return switch (this) {
                case MD5 -> new Md5();
                case CRC32C -> new Crc32c();
            };
        }
    }

    /// The first four bytes of MD5 (RFC 1321).
    final class Md5 implements Checksum {
        private final MessageDigest digest;

        Md5() {
            try {
                digest = MessageDigest.getInstance("MD5");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has MD5", e);
            }
        }

        @Override
        public int of(byte[] array, int offset, int length) {
            digest.update(array, offset, length);
            byte[] sum = digest.digest();
            return sum[0] << 24 | (sum[1] & 0xff) << 16 | (sum[2] & 0xff) << 8 | sum[3] & 0xff;
        }
    }

    /// CRC-32C (Castagnoli, RFC 3720 appendix B.4).
    final class Crc32c implements Checksum {
        private final CRC32C crc = new CRC32C();

        @Override
        public int of(byte[] array, int offset, int length) {
            crc.reset();
            crc.update(array, offset, length);
            return (int) crc.getValue();
        }
    }
}
