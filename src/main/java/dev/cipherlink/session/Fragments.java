package dev.cipherlink.session;

import dev.cipherlink.message.Payload;
import java.util.Arrays;

/// A request that is put together from fragments, within what a request may have and what the process has room for.
final class Fragments {

    private static final byte[] NOTHING = {};

    private final int maxBytes;
    private final FragmentRoom room;
    private byte[] array = NOTHING;
    private int bytes;
    private String refusal;

    Fragments(int maxBytes, FragmentRoom room) {
        this.maxBytes = maxBytes;
        this.room = room;
    }

    /// Whether fragments are waiting for their last one.
    boolean isBegun() {
        return bytes > 0 || refusal != null;
    }

    /// What they take in memory.
    int retainedBytes() {
        return array.length;
    }

    /// Copies a fragment behind the others; nothing is kept of a request that is refused.
    void add(Payload fragment) {
        if (refusal != null) {
            return;
        }
        if (fragment.length() > maxBytes - bytes) {
            refuse("the request is larger than " + maxBytes + " bytes; send less at once");
            return;
        }
        int end = bytes + fragment.length();
        if (end > array.length && !grow(Math.clamp(2L * array.length, end, maxBytes))) {
            refuse("the server has no memory for a request of this size now; try again later");
            return;
        }
        System.arraycopy(fragment.array(), fragment.offset(), array, bytes, fragment.length());
        bytes = end;
    }

    private boolean grow(int length) {
        int more = length - array.length;
        if (!room.take(more)) {
            return false;
        }
        try {
            array = Arrays.copyOf(array, length);
            return true;
        } catch (OutOfMemoryError e) {
            room.giveBack(more);
            return false;
        }
    }

    private void refuse(String reason) {
        clear();
        refusal = reason;
    }

    /// Why there is no request; null if there is one.
    String refusal() {
        return refusal;
    }

    /// What the fragments make; valid until [#clear].
    Payload request() {
        return new Payload(array, 0, bytes);
    }

    /// Forgets them, and gives back what they took.
    void clear() {
        int taken = array.length;
        array = NOTHING;
        bytes = 0;
        refusal = null;
        room.giveBack(taken);
    }
}
