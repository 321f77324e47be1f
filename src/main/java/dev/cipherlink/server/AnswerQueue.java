package dev.cipherlink.server;

import dev.cipherlink.command.Reply;
import java.util.Arrays;

/// Answers with their sequence numbers, oldest first.
///
/// In arrays of their own: a look at the number of the oldest must not fetch objects that nobody has touched for a whole
/// window. Used by one thread.
final class AnswerQueue {

    private static final int INITIAL_CAPACITY = 8;

    /// Rings, their size a power of two; made on first use, since most sessions are idle.
    private int[] sequences;
    private Reply[] replies;
    private int first;
    private int size;

    int size() {
        return size;
    }

    /// @param index 0 for the oldest
    int sequence(int index) {
        return sequences[slot(index)];
    }

    Reply reply(int index) {
        return replies[slot(index)];
    }

    /// Puts another answer in the place of one.
    void replace(int index, Reply reply) {
        replies[slot(index)] = reply;
    }

    void add(int sequence, Reply reply) {
        if (sequences == null) {
            sequences = new int[INITIAL_CAPACITY];
            replies = new Reply[INITIAL_CAPACITY];
        } else if (size == sequences.length) {
            grow();
        }
        sequences[slot(size)] = sequence;
        replies[slot(size)] = reply;
        size++;
    }

    private void grow() {
        int[] oldSequences = sequences;
        Reply[] oldReplies = replies;
        int behind = size - first;
        sequences = Arrays.copyOf(Arrays.copyOfRange(oldSequences, first, size), 2 * size);
        replies = Arrays.copyOf(Arrays.copyOfRange(oldReplies, first, size), 2 * size);
        System.arraycopy(oldSequences, 0, sequences, behind, first);
        System.arraycopy(oldReplies, 0, replies, behind, first);
        first = 0;
    }

    void removeFirst() {
        replies[first] = null;
        first = slot(1);
        size--;
    }

    private int slot(int index) {
        return first + index & sequences.length - 1;
    }
}
