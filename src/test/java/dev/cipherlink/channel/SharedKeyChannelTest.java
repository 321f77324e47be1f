package dev.cipherlink.channel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cipherlink.crypto.SharedKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedKeyChannelTest {

    private static final int OVERHEAD = 9 + 24 + 16;

    private final SharedKey key = SharedKey.generate();
    private final ByteArrayOutputStream wire = new ByteArrayOutputStream();
    private final SharedKeyChannel sender = channel(new byte[0], wire);

    private SharedKeyChannel channel(byte[] incoming, ByteArrayOutputStream outgoing) {
        return new SharedKeyChannel(new PacketReader(new ByteArrayInputStream(incoming)), new PacketWriter(outgoing), key);
    }

    private SharedKeyChannel receiver(byte[] incoming) {
        return channel(incoming, new ByteArrayOutputStream());
    }

    @AfterEach
    void wipe() {
        key.close();
    }

    private static void add(SecureChannel channel, byte[] message) throws IOException {
        int offset = channel.reserve(message.length);
        System.arraycopy(message, 0, channel.reserved(), offset, message.length);
    }

    private byte[] sent(String... messages) throws IOException {
        wire.reset();
        for (String message : messages) {
            add(sender, message.getBytes(StandardCharsets.UTF_8));
        }
        assertTrue(sender.stage());
        sender.writeStaged();
        return wire.toByteArray();
    }

    private static String received(SecureChannel channel) {
        return new String(channel.received(), 0, channel.receivedBytes(), StandardCharsets.UTF_8);
    }

    /// Issue 13.11: a packet of another connection, an earlier one, or one behind a gap.
    @Test
    void takesOnlyThePeersNextPacketOnceOrderIsRequired() throws IOException {
        byte[] one = sent("one");
        byte[] two = sent("two");
        byte[] three = sent("three");
        var otherWire = new ByteArrayOutputStream();
        var other = channel(new byte[0], otherWire);
        for (String message : new String[] {"other one", "other two"}) {
            otherWire.reset();
            add(other, message.getBytes(StandardCharsets.UTF_8));
            other.stage();
            other.writeStaged();
        }
        for (byte[] wrong : new byte[][] {one, three, otherWire.toByteArray()}) {
            var receiver = receiver(join(one, wrong, two));
            assertTrue(receiver.receive());
            receiver.requireOrder();
            assertThrows(ProtocolException.class, receiver::receive);
        }
        var receiver = receiver(join(one, two, three));
        assertTrue(receiver.receive());
        receiver.requireOrder();
        assertTrue(receiver.receive());
        assertTrue(receiver.receive());
        assertEquals("three", received(receiver));
    }

    private static byte[] join(byte[]... packets) {
        var all = new ByteArrayOutputStream();
        for (byte[] packet : packets) {
            all.writeBytes(packet);
        }
        return all.toByteArray();
    }

    @Test
    void deliversMessagesToEveryHolderOfTheKey() throws IOException {
        var receiver = receiver(sent("one", "", "three"));
        for (String expected : new String[] {"one", "", "three"}) {
            assertTrue(receiver.receive());
            assertEquals(expected, received(receiver));
        }
        assertFalse(receiver.receive());
        assertEquals(1, receiver.version());
        assertTrue(receiver.isOneMessageAPacket());
    }

    @Test
    void makesSecretboxesThatAnyoneWithTheKeyOpens() throws IOException {
        var packet = ByteBuffer.wrap(sent("hello"));
        assertEquals(1, packet.get());
        assertEquals(24, packet.getInt());
        assertEquals(5 + 16, packet.getInt());
        var nonce = new byte[24];
        var box = new byte[21];
        var message = new byte[5];
        packet.get(nonce).get(box);
        assertFalse(packet.hasRemaining());
        assertTrue(key.open(message, box, nonce));
        assertEquals("hello", new String(message, StandardCharsets.US_ASCII));
    }

    @Test
    void opensASecretboxWithAnyNonceOfThePeer() throws IOException {
        var packet = ByteBuffer.allocate(OVERHEAD + 5).put((byte) 1).putInt(24).putInt(21);
        var box = new byte[21];
        key.seal(box, "hello".getBytes(StandardCharsets.US_ASCII), new byte[24]);
        var receiver = receiver(packet.put(new byte[24]).put(box).array());
        assertTrue(receiver.receive());
        assertEquals("hello", received(receiver));
    }

    @Test
    void usesEachNonceOnceAndAnotherPrefixOnEachConnection() throws IOException {
        Set<String> nonces = new HashSet<>();
        Set<String> prefixes = new HashSet<>();
        for (int connection = 0; connection < 20; connection++) {
            wire.reset();
            var channel = channel(new byte[0], wire);
            for (int i = 0; i < 50; i++) {
                add(channel, new byte[0]);
            }
            channel.stage();
            channel.writeStaged();
            byte[] packets = wire.toByteArray();
            for (int i = 0; i < 50; i++) {
                byte[] nonce = Arrays.copyOfRange(packets, i * OVERHEAD + 9, i * OVERHEAD + 33);
                nonces.add(Arrays.toString(nonce));
                prefixes.add(Arrays.toString(Arrays.copyOf(nonce, 16)));
                assertEquals(i, ByteBuffer.wrap(nonce).getLong(16));
            }
        }
        assertEquals(20 * 50, nonces.size());
        assertEquals(20, prefixes.size());
    }

    @Test
    void refusesItsOwnPacketsThatComeBack() throws IOException {
        var incoming = new PipedInputStream();
        var outgoing = new PipedOutputStream(incoming);
        var mirror = new SharedKeyChannel(new PacketReader(incoming), new PacketWriter(outgoing), key);
        add(mirror, "hello".getBytes(StandardCharsets.US_ASCII));
        mirror.stage();
        mirror.writeStaged();
        assertThrows(ProtocolException.class, mirror::receive);
        assertEquals(0, mirror.receivedBytes());
    }

    @Test
    void refusesThePacketsOfAnotherKey() throws IOException {
        byte[] packet = sent("hello");
        try (var other = SharedKey.generate()) {
            var receiver = new SharedKeyChannel(new PacketReader(new ByteArrayInputStream(packet)),
                    new PacketWriter(new ByteArrayOutputStream()), other);
            assertThrows(ProtocolException.class, receiver::receive);
            assertEquals(0, receiver.receivedBytes());
        }
    }

    @Test
    void refusesAPacketWithAnyBitFlipped() throws IOException {
        byte[] packet = sent("a message of some length, so that there is something to damage");
        for (int bit = 0; bit < packet.length * 8; bit++) {
            byte[] damaged = packet.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            var receiver = receiver(damaged);
            // A larger size is within the limits now and then: then the packet's end is missing.
            assertThrows(IOException.class, receiver::receive, "bit " + bit);
            assertEquals(0, receiver.receivedBytes(), "bit " + bit);
        }
    }

    @Test
    void deliversNothingOfAPacketCutAtAnyOffset() throws IOException {
        byte[] packet = sent("hello");
        for (int length = 1; length < packet.length; length++) {
            var receiver = receiver(Arrays.copyOf(packet, length));
            assertThrows(EOFException.class, receiver::receive, "cut at " + length);
            assertEquals(0, receiver.receivedBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 23, 25, 32, Integer.MIN_VALUE, -1})
    void refusesEveryNonceSizeButItsOwn(int nonceSize) throws IOException {
        byte[] packet = sent("hello");
        ByteBuffer.wrap(packet).putInt(1, nonceSize);
        assertThrows(ProtocolException.class, receiver(packet)::receive);
    }

    @Test
    void refusesDataThatHasNoRoomForATag() throws IOException {
        for (int size = 0; size < 16; size++) {
            byte[] packet = sent("hello");
            ByteBuffer.wrap(packet).putInt(5, size);
            assertThrows(ProtocolException.class, receiver(packet)::receive, "size " + size);
        }
    }

    @Test
    void takesSmallPacketsOnlyFromAStranger() throws IOException {
        int largest = 4_096 - 24 - 16;
        var receiver = receiver(sent("x".repeat(largest)));
        assertTrue(receiver.receive());
        assertEquals(largest, receiver.receivedBytes());
        assertThrows(ProtocolException.class, receiver(sent("x".repeat(largest + 1)))::receive);
    }

    @ParameterizedTest
    @ValueSource(ints = {1_024, 65_519})
    void takesPacketsAsLargeAsWasNegotiatedOnceEstablished(int maxMessageBytes) throws IOException {
        var fits = receiver(sent("x".repeat(maxMessageBytes)));
        fits.establish(maxMessageBytes);
        assertTrue(fits.receive());
        assertEquals(maxMessageBytes, fits.receivedBytes());
        var larger = receiver(sent("x".repeat(maxMessageBytes + 1)));
        larger.establish(maxMessageBytes);
        assertThrows(ProtocolException.class, larger::receive);
    }

    @Test
    void writesManyMessagesAtOnceAndKeepsLaterOnesForTheNextWrite() throws IOException {
        assertFalse(sender.stage(), "nothing is pending");
        add(sender, "one".getBytes(StandardCharsets.US_ASCII));
        assertTrue(sender.pendingBytes() > 0);
        add(sender, "two".getBytes(StandardCharsets.US_ASCII));
        assertTrue(sender.stage());
        add(sender, "three".getBytes(StandardCharsets.US_ASCII));
        sender.writeStaged();
        assertEquals(2 * (OVERHEAD + 3), wire.size());
        assertTrue(sender.stage());
        sender.writeStaged();
        assertFalse(sender.stage());
        assertEquals(2 * (OVERHEAD + 3) + OVERHEAD + 5, wire.size());
        assertEquals(0, sender.pendingBytes());
        var receiver = receiver(wire.toByteArray());
        for (String expected : new String[] {"one", "two", "three"}) {
            assertTrue(receiver.receive());
            assertEquals(expected, received(receiver));
            assertEquals(!expected.equals("three"), receiver.hasPacket());
        }
    }

    @Test
    void countsTheBytesOfTheWire() throws IOException {
        byte[] packets = sent("one", "two");
        assertEquals(packets.length, sender.bytesOut());
        var receiver = receiver(packets);
        receiver.receive();
        receiver.receive();
        assertEquals(packets.length, receiver.bytesIn());
        assertEquals(0, receiver.bytesOut());
    }

    @Test
    void wipesWhatItReceivedAndLeavesTheKeyToItsOwner() throws IOException {
        var receiver = receiver(sent("a secret"));
        receiver.receive();
        byte[] plaintext = receiver.received();
        receiver.close();
        receiver.close();
        assertArrayEquals(new byte[8], plaintext);
        assertEquals(0, receiver.receivedBytes());
        assertNotEquals("", key.fingerprint());
    }
}
