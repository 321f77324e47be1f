package dev.cipherlink.noise;

import com.sun.management.ThreadMXBean;
import dev.cipherlink.crypto.KeyPair;
import dev.cipherlink.message.HandshakeJson;
import dev.cipherlink.message.Message.MessageCodec.Checksum;
import dev.cipherlink.message.Message.Payload;
import dev.cipherlink.message.SessionParameters;
import dev.cipherlink.message.SessionParameters.OperationMode;
import dev.cipherlink.message.Syn;
import dev.cipherlink.message.Syn.SynAck;
import java.lang.management.ManagementFactory;

/// Prints the bytes that one warm handshake allocates at each side, in Noise and in the JSON of the session handshake. Not a test:
/// `docs/benchmarks.md` has its figures and the command.
public final class HandshakeGarbage {
    private static final int ROUNDS = 2_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private HandshakeGarbage() {
    }

    private static long allocated() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    public static void main(String[] arguments) throws Exception {
        for (Suite suite : Suite.values()) {
            long[] bytes = null;
            for (int round = 0; round < ROUNDS; round++) {
                bytes = noise(suite);
            }
            System.out.println(suite + ": initiator " + bytes[0] + ", responder " + bytes[1]);
        }
        long[] bytes = null;
        for (int round = 0; round < ROUNDS; round++) {
            bytes = json();
        }
        System.out.println("JSON: client " + bytes[0] + ", server " + bytes[1]);
    }

    /// @return of the initiator and of the responder
    private static long[] noise(Suite suite) throws Exception {
        try (KeyPair client = KeyPair.generate(); KeyPair server = KeyPair.generate()) {
            long t0 = allocated();
            var initiator = HandshakeState.initiator(suite, new byte[4], client);
            byte[] one = initiator.writeMessage(new byte[0]);
            long t1 = allocated();
            var responder = HandshakeState.responder(suite, new byte[4], server);
            responder.readMessage(one);
            byte[] two = responder.writeMessage(new byte[0]);
            long t2 = allocated();
            initiator.readMessage(two);
            byte[] three = initiator.writeMessage(new byte[0]);
            var left = initiator.split();
            initiator.close();
            long t3 = allocated();
            responder.readMessage(three);
            var right = responder.split();
            responder.close();
            long t4 = allocated();
            left.close();
            right.close();
            return new long[] {t1 - t0 + t3 - t2, t2 - t1 + t4 - t3};
        }
    }

    private static long[] json() throws Exception {
        var wishes = new SessionParameters(OperationMode.BURST, SessionParameters.MAX_MESSAGE_BYTES, 64, Checksum.Algorithm.CRC32C);
        var granted = new SynAck.Granted("0123456789abcdef0123456789abcdef", wishes, "ann");
        long t0 = allocated();
        byte[] syn = HandshakeJson.encode(new Syn(wishes, ""));
        long t1 = allocated();
        HandshakeJson.decodeSyn(Payload.of(syn));
        byte[] ack = HandshakeJson.encode(granted);
        long t2 = allocated();
        HandshakeJson.decodeSynAck(Payload.of(ack));
        byte[] echo = HandshakeJson.encode(new HandshakeJson.Echo(granted.sessionId(), false));
        long t3 = allocated();
        HandshakeJson.decodeEcho(Payload.of(echo));
        long t4 = allocated();
        return new long[] {t1 - t0 + t3 - t2, t2 - t1 + t4 - t3};
    }
}
