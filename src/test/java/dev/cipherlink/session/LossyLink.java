package dev.cipherlink.session;

import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.Payload;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;

/// One direction between two sessions: drops, duplicates, damages and reorders whole messages, in a time that only passes
/// when the test says so.
final class LossyLink {

    private record Delivery(long at, long order, Message message) {
    }

    private final LinkQuality quality;
    private final Random random;
    private final PriorityQueue<Delivery> underWay = new PriorityQueue<>(
            Comparator.comparingLong(Delivery::at).thenComparingLong(Delivery::order));
    private long order;
    private long newest;

    LossyLink(LinkQuality quality, Random random) {
        this.quality = quality;
        this.random = random;
    }

    void send(Message message, long now) {
        if (!happens(quality.lossPercent())) {
            add(message, now);
        }
        if (happens(quality.duplicatePercent())) {
            add(message, now);
        }
    }

    private void add(Message message, long now) {
        long at = now + quality.latencyNanos() + random.nextLong(quality.jitterNanos());
        if (!happens(quality.reorderPercent())) {
            at = Math.max(at, newest);
            newest = at;
        }
        underWay.add(new Delivery(at, order++, happens(quality.damagePercent()) ? damaged(message) : message));
    }

    /// With other bytes, so that it shows if they are taken for good.
    private Message damaged(Message message) {
        byte[] payload = message.payload().toBytes();
        if (payload.length > 0) {
            payload[random.nextInt(payload.length)]++;
        }
        return new Message(message.type(), message.more(), message.sequence(), Payload.of(payload), false);
    }

    private boolean happens(int percent) {
        return random.nextInt(100) < percent;
    }

    /// When the next message arrives; [Long#MAX_VALUE] if none is under way.
    long nextAt() {
        return underWay.isEmpty() ? Long.MAX_VALUE : underWay.peek().at;
    }

    Message next() {
        return underWay.remove().message;
    }

    /// The connection is cut: messages under way are lost.
    void cut() {
        underWay.clear();
        newest = 0;
    }
}
