package dev.cipherlink.message;

import dev.cipherlink.message.Message.MessageCodec;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import java.util.Locale;
import java.util.Optional;

/// The parameters that both sides of a session agreed on.
///
/// @param mode            how the client paces its requests
/// @param maxMessageBytes the largest message, header included, that either side sends in one packet
///                        (`max_packet_size` on the wire)
/// @param windowSize      how many DATA messages may be unacknowledged; 1 in all modes but burst
/// @param checksum        of every payload after the handshake
public record SessionParameters(OperationMode mode, int maxMessageBytes, int windowSize, Checksum.Algorithm checksum) {

    public static final int MIN_MESSAGE_BYTES = 1_024;
    /// The most that a version 2 packet carries; version 1 keeps to it too.
    public static final int MAX_MESSAGE_BYTES = 65_519;
    public static final int DEFAULT_WINDOW_SIZE = 64;
    /// Half of the sequence numbers less one: what serial-number arithmetic can tell apart (RFC 1982).
    public static final int MAX_WINDOW_SIZE = 32_767;

    public SessionParameters {
        if (maxMessageBytes < MIN_MESSAGE_BYTES || maxMessageBytes > MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException("maxMessageBytes " + maxMessageBytes);
        }
        if (windowSize < 1 || windowSize > MAX_WINDOW_SIZE || mode != OperationMode.BURST && windowSize != 1) {
            throw new IllegalArgumentException("windowSize " + windowSize + " in mode " + mode);
        }
    }

    /// The parameters that a server with this `maxWindowSize` grants a client that wishes for these.
    public SessionParameters clampedTo(int maxWindowSize) {
        return new SessionParameters(mode, maxMessageBytes, Math.min(windowSize, maxWindowSize), checksum);
    }

    /// The largest payload of one message.
    public int maxPayloadBytes() {
        return maxMessageBytes - MessageCodec.HEADER_BYTES;
    }

    /// The use that a client makes of a connection, and how it paces its requests (`docs/protocol.md`, sections 3, 6 and 6.1).
    public enum OperationMode {
        /// One request at a time: a window of 1.
        STEP_BY_STEP,
        /// As many unanswered requests as the window holds.
        BURST,
        /// No requests: the raw bytes of one forwarded connection, in both directions. Version 2 only.
        STREAM,
        /// No requests: the bytes of many forwarded connections. Version 2 only.
        CHANNELS;

        /// The name on the wire: `step-by-step`, `burst`, `stream` or `channels`. The first two are names on the command line too.
        public String wireName() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        public static Optional<OperationMode> ofWireName(String name) {
            for (OperationMode mode : values()) {
                if (mode.wireName().equals(name)) {
                    return Optional.of(mode);
                }
            }
            return Optional.empty();
        }
    }
}
