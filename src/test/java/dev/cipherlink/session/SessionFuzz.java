package dev.cipherlink.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.fuzz.FuzzTarget;
import dev.cipherlink.message.Message;
import dev.cipherlink.message.Message.MessageType;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.session.SessionHandshake.RefusedException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// A session as a state machine: any sequence of valid and invalid messages of its peer, and requests of its own in between, against a
/// model of the receiver. Each request runs once and in order, nothing else runs, an answer belongs to a request that was
/// sent, and a broken rule is a `ProtocolException` after which nothing runs.
///
/// The input is a byte for the kind of session, and then steps of four bytes: what is done, a number relative to the next one,
/// flags, and the size of the payload.
public final class SessionFuzz implements FuzzTarget {
    private static final int WINDOW = 8;
    private static final int IS_MORE = 1;
    private static final int IS_DAMAGED = 2;
    private static final MessageType[] TYPES = MessageType.values();

    @Override
    public byte[][] seeds() {
        return Stream.of("00 00000001", "01 00000005 00000005 00000005", "00 00000105 00000105 00000005", "00 00000000 00ff0000 00000000",
                "00 00000200 00000000", "01 0a000003 01000003", "01 0a000003 0a000003 01000003 01000003", "01 0a000003 02000003", "00 03000010",
                "00 00000001 04000000", "01 0a000003 07000010 07000020", "01 0a000003 08000000", "00 00080001", "01 00070001 00000001",
                "00 05000000", "01 0b000000 0a000004 0c000000")
                .map(hex -> HexFormat.of().parseHex(hex.replace(" ", ""))).toArray(byte[][]::new);
    }

    @Override
    public boolean accepts(byte[] input) throws IOException {
        if (input.length == 0) {
            return false;
        }
        var run = new Run((input[0] & 1) == 1);
        try {
            for (int at = 1; at + 4 <= input.length; at += 4) {
                run.step(input[at] & 0xff, input[at + 1], input[at + 2], input[at + 3] & 0xff);
            }
            return true;
        } catch (ProtocolException | RefusedException e) {
            assertTrue(run.peer.session.isOver());
            run.check();
            return false;
        }
    }

    private static final class Run {
        private final Peer peer;
        /// The model: the next number of the other side, the request that it has begun, and the requests that have to run.
        private int next = 1;
        private final StringBuilder begun = new StringBuilder();
        private final List<String> expected = new ArrayList<>();
        private boolean isDisconnected;
        private int requests;

        Run(boolean wraps) {
            peer = new Peer(Peer.burst(WINDOW), wraps);
        }

        void step(int action, byte distance, byte flags, int size) throws IOException {
            int kind = action % (TYPES.length + 4);
            if (isDisconnected) {
                return;
            }
            if (kind < TYPES.length) {
                receive(TYPES[kind], distance, flags, size);
            } else if (kind == TYPES.length) {
                requests++;
                peer.request("x".repeat(size * 8));
            } else if (kind == TYPES.length + 1) {
                peer.retransmit();
            } else if (kind == TYPES.length + 2) {
                peer.session.push(new byte[size]);
                peer.transmit();
            } else {
                peer.keepAlive();
            }
            check();
        }

        private void receive(MessageType type, byte distance, byte flags, int size) throws IOException {
            boolean isData = type == MessageType.DATA;
            boolean isRequest = isData || type == MessageType.DISCONNECT;
            int sequence = Math.floorMod(isRequest ? next + distance : distance, Message.SEQUENCE_MODULUS);
            boolean isMore = isData && (flags & IS_MORE) != 0;
            boolean isIntact = (flags & IS_DAMAGED) == 0;
            String payload = ("r" + expected.size() + "-" + next + "-" + "y".repeat(size)).substring(0, isRequest ? size + 3 : size);
            if (type == MessageType.DISCONNECT) {
                payload = "";
            }
            peer.receive(new Message(type, isMore, sequence, Payload.of(Peer.bytes(payload)), isIntact));
            if (isRequest && isIntact && sequence == next) {
                next = (next + 1) % Message.SEQUENCE_MODULUS;
                model(isData, isMore, payload);
            }
        }

        private void model(boolean isData, boolean isMore, String payload) {
            if (!isData) {
                isDisconnected = true;
                return;
            }
            begun.append(payload);
            if (!isMore) {
                if (begun.length() <= Peer.MAX_REQUEST_BYTES) {
                    expected.add(Peer.shown(Peer.bytes(begun.toString())));
                }
                begun.setLength(0);
            }
        }

        void check() {
            assertEquals(expected, peer.ran);
            assertEquals(isDisconnected, peer.session.end() == CloseReason.PEER_DISCONNECTED);
            assertTrue(peer.answers.size() + peer.failures.size() <= requests);
            for (Message sent : peer.sent) {
                assertTrue(sent.intact() && sent.sequence() >= 0 && sent.sequence() < Message.SEQUENCE_MODULUS
                        && sent.payload().length() <= peer.session.parameters().maxPayloadBytes(), sent::toString);
            }
            peer.sent.clear();
        }
    }
}
