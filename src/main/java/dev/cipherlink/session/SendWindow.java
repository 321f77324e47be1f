package dev.cipherlink.session;

import dev.cipherlink.message.Message;
import dev.cipherlink.message.MessageType;
import dev.cipherlink.message.Payload;
import dev.cipherlink.message.SessionParameters;
import java.io.IOException;
import java.net.ProtocolException;

/// The numbered messages that were sent and not acknowledged yet, oldest first (`docs/protocol.md`, section 4).
final class SendWindow {

    /// What a message takes on the wire beside its payload, in the version that takes most: header, packet and tag.
    private static final int OVERHEAD_BYTES = 64;

    private final int size;
    private final int maxPayloadBytes;
    /// How many numbers a session may use: version 1 must not use one twice.
    private final long maxNumbers;
    /// Ring over sequence numbers; made on first use, since most servers never send. A large payload stands in it once
    /// for each fragment, with the fragment's offset.
    private Outgoing[] inFlight;
    private int[] offsets;
    private int oldest = 1;
    private int count;
    private int bytes;
    private long acknowledged;

    /// @param wraps whether numbers may be used again after 65,535
    SendWindow(SessionParameters parameters, boolean wraps) {
        size = parameters.windowSize();
        maxPayloadBytes = parameters.maxPayloadBytes();
        maxNumbers = wraps ? Long.MAX_VALUE : Message.SEQUENCE_MODULUS - 1;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /// How many numbers are in flight.
    int count() {
        return count;
    }

    boolean hasRoom() {
        return count < size;
    }

    /// About how many bytes on the wire were sent and are not acknowledged.
    int bytes() {
        return bytes;
    }

    /// Whether enough numbers are left for all of it, and one for DISCONNECT.
    boolean hasNumbersFor(Outgoing outgoing) {
        long needed = outgoing.type == MessageType.DISCONNECT
                ? 1 : 2 + Math.max(0, outgoing.payload.length - outgoing.fragmentedBytes - 1) / maxPayloadBytes;
        return acknowledged + count + needed <= maxNumbers;
    }

    /// Takes the next fragment of a payload into the window, which must have room.
    Message send(Outgoing outgoing) {
        if (inFlight == null) {
            int capacity = Integer.highestOneBit(size * 2 - 1);
            inFlight = new Outgoing[capacity];
            offsets = new int[capacity];
        }
        int sequence = (oldest + count) % Message.SEQUENCE_MODULUS;
        int slot = slot(sequence);
        inFlight[slot] = outgoing;
        offsets[slot] = outgoing.fragmentedBytes;
        count++;
        Message message = message(sequence);
        outgoing.fragmentedBytes += message.payload().length();
        bytes += message.payload().length() + OVERHEAD_BYTES;
        return message;
    }

    /// The message of a number in flight, as it was sent the first time.
    private Message message(int sequence) {
        Outgoing outgoing = inFlight[slot(sequence)];
        int offset = offsets[slot(sequence)];
        int length = Math.min(maxPayloadBytes, outgoing.payload.length - offset);
        boolean more = offset + length < outgoing.payload.length;
        return new Message(outgoing.type, more, sequence, new Payload(outgoing.payload, offset, length), true);
    }

    /// What the oldest number in flight belongs to, if that number is the one that an answer carries.
    ///
    /// @return null if the answer is a late duplicate
    /// @throws ProtocolException if the number was never sent, or an older one is still unanswered
    Outgoing answered(int sequence) throws ProtocolException {
        if (isOldest(sequence)) {
            return oldest();
        }
        int behind = SerialNumber.distance(sequence, oldest);
        if (behind > 0 && behind <= Math.min(acknowledged, size)) {
            return null;
        }
        throw new ProtocolException("an answer for " + sequence + " where " + oldest + " is the oldest unanswered");
    }

    boolean isOldest(int sequence) {
        return count > 0 && sequence == oldest;
    }

    /// What the oldest number in flight belongs to; the window must not be empty.
    Outgoing oldest() {
        return inFlight[slot(oldest)];
    }

    boolean isOldestLastFragment() {
        return isLastFragment(oldest);
    }

    private boolean isLastFragment(int sequence) {
        Outgoing outgoing = inFlight[slot(sequence)];
        return offsets[slot(sequence)] + maxPayloadBytes >= outgoing.payload.length;
    }

    /// The oldest number in flight is done.
    void acknowledgeOldest() {
        int slot = slot(oldest);
        bytes -= Math.min(maxPayloadBytes, inFlight[slot].payload.length - offsets[slot]) + OVERHEAD_BYTES;
        inFlight[slot] = null;
        oldest = SerialNumber.next(oldest);
        count--;
        acknowledged++;
    }

    /// Sends everything again from this number on.
    ///
    /// @throws ProtocolException if the number is neither in flight nor the next one
    void goBack(int sequence, MessageSink sink) throws IOException {
        int first = SerialNumber.distance(oldest, sequence);
        if (first < 0 || first > count) {
            throw new ProtocolException("RESEND of " + sequence + ", which is not in flight");
        }
        for (int i = first; i < count; i++) {
            sink.send(message((oldest + i) % Message.SEQUENCE_MODULUS));
        }
    }

    private int slot(int sequence) {
        return sequence & inFlight.length - 1;
    }
}
