package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cipherlink.command.Reply;
import dev.cipherlink.message.SessionParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two sessions on a perfect link, in thousands of random courses. A course is repeated by its seed.
@Tag("slow")
class SessionRandomTest {

    private static final int SEEDS = 5_000;

    @Test
    void runsEachRequestOnceAndInOrderWhateverTheCourse() throws IOException {
        for (long seed = 0; seed < SEEDS; seed++) {
            new Course(seed).run();
        }
    }

    private static final class Course {
        private final long seed;
        private final Random random;
        private final Peer client;
        private final Peer server;
        private final List<String> requests = new ArrayList<>();
        private final List<String> events = new ArrayList<>();
        private final int count;

        Course(long seed) {
            this.seed = seed;
            random = new Random(seed);
            SessionParameters parameters = Peer.burst(1 + random.nextInt(random.nextBoolean() ? 4 : 100),
                    1_024 + random.nextInt(2_000));
            boolean wraps = random.nextBoolean();
            client = new Peer(parameters, wraps);
            server = new Peer(parameters, wraps);
            // The reply's size depends on the request alone, so that the client can tell which reply it got.
            server.behaviour = request -> Reply.ok(filled(Arrays.hashCode(request), replySize(request)));
            count = 1 + random.nextInt(60);
        }

        private static int replySize(byte[] request) {
            return Math.floorMod(Arrays.hashCode(request), request.length % 3 == 0 ? 9_000 : 40);
        }

        private static byte[] filled(int value, int size) {
            var bytes = new byte[size];
            Arrays.fill(bytes, (byte) value);
            return bytes;
        }

        private byte[] payload() {
            int size = random.nextInt(4) == 0 ? random.nextInt(Peer.MAX_REQUEST_BYTES) : random.nextInt(40);
            var bytes = new byte[size];
            random.nextBytes(bytes);
            return bytes;
        }

        void run() throws IOException {
            List<String> expectedAnswers = new ArrayList<>();
            int left = count;
            while (left > 0 || random.nextInt(3) > 0) {
                switch (random.nextInt(5)) {
                    case 0, 1 -> {
                        if (left > 0) {
                            byte[] request = payload();
                            requests.add(Peer.shown(request));
                            expectedAnswers.add(Peer.shown(filled(Arrays.hashCode(request), replySize(request))));
                            client.request(request);
                            left--;
                        }
                    }
                    case 2 -> server.receiveFrom(client, random.nextInt(10));
                    case 3 -> client.receiveFrom(server, random.nextInt(10));
                    default -> sendSomethingElse();
                }
            }
            Peer.settle(client, server);
            assertEquals(requests, server.ran, "seed " + seed);
            assertEquals(expectedAnswers, client.answers, "seed " + seed);
            assertEquals(events, client.ran, "seed " + seed);
            assertEquals(0, client.session.sender.inFlightBytes() + server.session.sender.inFlightBytes(), "seed " + seed);
            client.outbox.add(Outgoing.disconnect());
            client.transmit();
            Peer.settle(client, server);
            assertEquals(CloseReason.DISCONNECTED, client.session.end(), "seed " + seed);
            assertEquals(CloseReason.PEER_DISCONNECTED, server.session.end(), "seed " + seed);
        }

        private void sendSomethingElse() throws IOException {
            if (random.nextBoolean()) {
                byte[] event = payload();
                events.add(Peer.shown(event));
                server.session.push(event);
                server.transmit();
            } else {
                (random.nextBoolean() ? client : server).keepAlive();
            }
        }
    }
}
