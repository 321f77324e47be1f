"""What comes after the Noise handshake: sections 1 and 4 of docs/protocol.md where version 2 differs from version 1."""
import itertools
import os
import struct

import wire
from packets_v2 import MESSAGES_A_KEY, SUITES
from peer_case import PeerCase
from wire import ACK, DATA, ERROR, KEEPALIVE, PACKET_HEADER, SYN, Message

MORE_THAN_A_KEY = 70_000
SYN_JSON = b'{"operation_mode":"burst","max_packet_size":4096}'


class TransportCases(PeerCase):
    """Packets are made by hand here wherever `Session` would keep the rules."""

    def together(self, session, *messages):
        """One packet with all these messages."""
        return session.channel.seal(b"".join(Message(*message).encode(session.checksum) for message in messages))

    # ---- how messages are spread over packets

    def test_several_messages_in_one_packet_both_ways(self):
        for suite in SUITES:
            with self.subTest(suite=suite):
                session = self.fresh(suite=suite)
                session.handshake(operation_mode="burst", max_packet_size=1024, window_size=64)
                session.channel.write(self.together(session, *((DATA, n, b"ECHO %d" % n) for n in range(1, 65))))
                self.assertEqual([Message(ACK, n, b"Echo: %d" % n) for n in range(1, 65)],
                                 [session.receive() for _ in range(64)])
                self.assertGreater(session.most_in_a_packet, 1)

    def test_messages_of_all_kinds_share_a_packet(self):
        session = self.burst(8)
        session.channel.write(self.together(
            session, (DATA, 1, b"INCR " + self.name()), (KEEPALIVE, 0, b"alive"), (DATA | wire.MORE, 2, b"ECHO a"),
            (DATA, 3, b"b"), (wire.DISCONNECT, 4, b""), (DATA, 5, b"INCR " + self.name())))
        messages = self.read_until_closed(session)
        self.assertEqual([(1, b"1\n"), (2, b""), (3, b"Echo: ab"), (4, b"")],
                         [(m.sequence, m.payload) for m in messages if m.sequence])
        self.assertIn(Message(ACK, 0, b"alive"), messages)
        self.assertEqual(1, self.counted(session))

    def test_a_packet_may_be_full_to_the_last_byte(self):
        room = 65_535 - wire.TAG_BYTES
        session = self.burst(16)
        header = wire.MESSAGE_HEADER.size
        for payloads in ((room - header,), (40_000, room - 2 * header - 40_000), (1024,) * 15 + (
                room - 15 * 1024 - 16 * header,)):
            with self.subTest(payloads=payloads):
                texts = [b"ECHO " + b"e" * (size - 5) for size in payloads]
                packet = self.together(session, *((DATA, session.next_number(), text) for text in texts))
                self.assertEqual(PACKET_HEADER.size + 65_535, len(packet))
                session.in_flight.update((session.sequence - len(texts) + 1 + at, Message(DATA, 0, text))
                                         for at, text in enumerate(texts))
                session.channel.write(packet)
                for at, text in enumerate(texts):
                    reply = session.answer(session.sequence - len(texts) + 1 + at)
                    self.assertTrue(reply.ok and reply.payload == b"Echo: " + text[5:], reply.payload[:50])

    def test_a_packet_may_be_larger_than_the_largest_message(self):
        session = self.burst(max_packet_size=1024)
        text = b"ECHO " + bytes(1024 - 11 - 5)
        session.channel.write(self.together(session, (DATA, 1, text), (DATA, 2, text)))
        got = b""
        while len(got) < 2 * (1024 - 11 + 1):      # each answer is one byte longer than fits, so it comes in parts
            message = session.receive()
            self.assertEqual(wire.PART, message.type)
            got += message.payload[wire.PART_HEADER.size:]

    def test_a_message_larger_than_agreed_ends_the_session_and_does_not_run(self):
        session = self.burst(max_packet_size=1024)
        text = b"SET %s " % self.name()
        session.channel.write(self.together(session, (DATA, 1, text + bytes(1024 - 11 - len(text) + 1))))
        self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_a_plaintext_that_is_not_whole_messages_ends_the_session(self):
        good = Message(DATA, 1, b"SET %s x" % self.name()).encode()
        for plaintext in (b"", good[:5], good[:10], good[:-1], struct.pack("!I", 2**32 - 1) + good[4:],
                          struct.pack("!I", 2**31) + good[4:]):
            with self.subTest(plaintext=plaintext[:16]):
                session = self.burst()
                session.channel.write(session.channel.seal(plaintext))
                self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_a_plaintext_that_goes_wrong_behind_a_message_ends_the_session(self):
        good = Message(DATA, 1, b"PING").encode()
        for tail in (b"x", good[:10], good[:-1], struct.pack("!I", 2**32 - 1) + good[4:]):
            with self.subTest(tail=tail[:16]):
                session = self.burst()
                session.channel.write(session.channel.seal(good + tail))
                self.assertEqual([], [m for m in self.read_until_closed(session)
                                      if m[:2] not in ((ACK, 1), (ERROR, 0))])

    def test_an_empty_packet_before_and_after_establishment_ends_the_connection(self):
        session = self.fresh()
        session.channel.write(session.channel.seal(b""))
        self.assert_closed_in_silence(session.channel)
        session = self.connect()
        session.channel.write(session.channel.seal(b""))
        self.assert_ended(session)

    def test_handshake_messages_stand_alone_in_their_packets(self):
        session = self.fresh()
        session.channel.write(self.together(session, (SYN, 0, SYN_JSON), (DATA, 1, b"SET %s x" % self.name())))
        self.assert_closed_in_silence(session.channel)
        session, offer = self.offered()
        echo = b'{"session_id":"%s"}' % offer["session_id"].encode()
        session.channel.write(self.together(session, (ACK, 0, echo), (DATA, 1, b"SET %s x" % self.name())))
        self.assert_closed_in_silence(session.channel)
        self.assertFalse(self.exists(self.name()))

    # ---- packets that are wrong

    def test_a_header_beyond_the_limits_before_establishment_is_closed_without_a_byte(self):
        for size in (0, 1, 15, 4097, 5000, 65_535, 65_536, 2**31, 2**32 - 1):
            with self.subTest(data_size=size):
                channel = self.opened()
                channel.write(PACKET_HEADER.pack(2, 0, size))
                self.assert_closed_in_silence(channel)

    def test_the_largest_packet_before_establishment_is_read_whole(self):
        self.assert_waits_for_the_rest(self.opened(), PACKET_HEADER.pack(2, 0, 4096) + bytes(4096))

    def test_a_header_beyond_the_limits_of_a_session_is_closed_without_a_byte(self):
        for size in (0, 1, 15, 65_536, 2**31, 2**32 - 1):
            with self.subTest(data_size=size):
                session = self.connect()
                session.channel.write(PACKET_HEADER.pack(2, 0, size))
                self.assert_closed_in_silence(session.channel)

    def test_a_nonce_in_a_transport_packet_is_closed_without_a_byte(self):
        for nonce_size in (1, 12, 24, 2**32 - 1):
            with self.subTest(nonce_size=nonce_size):
                channel = self.opened()
                channel.write(PACKET_HEADER.pack(2, nonce_size, 100))
                self.assert_closed_in_silence(channel)
                session = self.connect()
                data = session.packet(DATA, 1, b"SET %s x" % self.name())[PACKET_HEADER.size:]
                session.channel.write(PACKET_HEADER.pack(2, nonce_size, len(data)) + bytes(min(nonce_size, 99)) + data)
                self.assert_closed_in_silence(session.channel)
        self.assertFalse(self.exists(self.name()))

    def test_a_version_1_packet_is_closed_without_a_byte(self):
        for session in (self.fresh(), self.connect()):
            session.channel.write(PACKET_HEADER.pack(1, 24, 100) + os.urandom(124))
            self.assert_closed_in_silence(session.channel)

    def test_a_flipped_bit_in_the_data_is_closed_without_a_byte(self):
        for suite, at in itertools.product(SUITES, (0, 5, 11, 20, -17, -16, -8, -1)):
            with self.subTest(suite=suite, at=at):
                session = self.fresh(suite=suite)
                session.handshake(operation_mode="burst", max_packet_size=1024)
                packet = bytearray(session.packet(DATA, 1, b"SET %s a value" % self.name()))
                packet[PACKET_HEADER.size + at if at >= 0 else at] ^= 0x10
                session.channel.write(packet)
                self.assert_closed_in_silence(session.channel)
        self.assertFalse(self.exists(self.name()))

    def test_a_packet_that_is_wrong_takes_the_answers_before_it_away(self):
        session = self.burst()
        wrong = bytearray(self.incr(session, 1, 2))
        wrong[-1] ^= 1
        session.channel.write(wrong)
        self.assert_closed_in_silence(session.channel)
        self.assertIn(self.ok(self.connect(), b"COUNT " + self.name()), (b"0\n", b"1\n"))

    def test_a_flipped_bit_in_syn_is_closed_without_a_byte(self):
        session = self.fresh()
        packet = bytearray(session.packet(SYN, 0, SYN_JSON))
        packet[-1] ^= 1
        session.channel.write(packet)
        self.assert_closed_in_silence(session.channel)

    def test_a_replayed_packet_is_closed_and_runs_once(self):
        session = self.burst()
        packet = self.incr(session, 1)
        session.channel.write(packet)
        self.assertEqual(Message(ACK, 1, b"1\n"), session.receive())
        session.channel.write(packet)
        self.assert_closed_in_silence(session.channel)
        self.assertEqual(1, self.counted(session))

    def test_a_packet_left_out_or_out_of_order_is_closed_without_a_byte(self):
        for order in ((1,), (1, 0), (2, 1, 0)):
            session = self.burst()
            packets = [self.incr(session, n) for n in (1, 2, 3)]
            session.channel.write(b"".join(packets[at] for at in order))
            self.assert_closed_in_silence(session.channel)
        self.assertFalse(self.exists(self.name()))

    def test_packets_of_another_connection_or_of_the_server_are_closed_without_a_byte(self):
        session, other = self.burst(record=True), self.burst()
        other.channel.write(self.incr(session, 1))
        self.assert_closed_in_silence(other.channel)
        session = self.burst(record=True)
        self.ok(session, b"PING", b"PONG\n")
        session.channel.write(session.channel.received[-1])
        self.assert_closed_in_silence(session.channel)
        self.assertFalse(self.exists(self.name()))

    # ---- more packets than a key is good for, more messages than there are numbers

    def test_many_packets_of_the_client_renew_its_key_and_wrap_the_numbers(self):
        for suite in SUITES:
            with self.subTest(suite=suite):
                session = self.fresh(suite=suite)
                session.handshake(operation_mode="burst", max_packet_size=1024, window_size=1000)
                key = session.channel.sending.k
                request = b"INCR " + self.name("%d" % suite)
                count = 0
                for reply in session.pipeline(itertools.repeat(request, MORE_THAN_A_KEY)):
                    count += 1
                    self.assertEqual(b"%d\n" % count, reply.payload)
                self.assertEqual((MORE_THAN_A_KEY, MORE_THAN_A_KEY % 65_536), (count, session.sequence))
                self.assertGreater(session.channel.sending.n, MESSAGES_A_KEY)
                self.assertNotEqual(key, session.channel.sending.k)
                self.ok(session, b"PING", b"PONG\n")
                session.disconnect()

    def test_many_packets_of_the_server_renew_its_key(self):
        session = self.connect()
        key = session.channel.receiving.k
        count = 0
        while session.channel.receiving.n <= MESSAGES_A_KEY + 100:
            count += 1
            session.send(KEEPALIVE, 0, b"%d" % count)      # one at a time: each answer is a packet of its own
            self.assertEqual(Message(ACK, 0, b"%d" % count), session.receive())
        self.assertNotEqual(key, session.channel.receiving.k)
        self.ok(session, b"PING", b"PONG\n")
        session.disconnect()

    def near_the_wrap(self, window):
        """A session whose next number is 65,533; its requests went out many a packet."""
        session = self.burst(window)
        left = 65_532
        while left:
            numbers = [session.next_number() for _ in range(min(left, session.window))]
            left -= len(numbers)
            session.channel.write(self.together(session, *((DATA, number, b"PING") for number in numbers)))
            for number in numbers:
                self.assertEqual(Message(ACK, number, b"PONG\n"), session.receive())
        self.assertEqual(65_532, session.sequence)
        return session

    def test_0_is_a_number_like_any_other_after_the_wrap(self):
        session = self.near_the_wrap(1000)
        numbers = [65_533, 65_534, 65_535, 0, 1, 2]
        session.channel.write(self.together(session, *((DATA, n, b"INCR " + self.name()) for n in numbers)))
        self.assertEqual([Message(ACK, n, b"%d\n" % at) for at, n in enumerate(numbers, 1)],
                         [session.receive() for _ in numbers])
        for n, kept in ((0, 4), (65_535, 3), (2, 6)):
            session.send(DATA, n, b"INCR " + self.name())
            self.assertEqual(Message(ACK, n, b"%d\n" % kept), session.receive())
        session.send(KEEPALIVE, 0, b"alive")
        self.assertEqual(Message(ACK, 0, b"alive"), session.receive())
        self.assertEqual(6, self.counted(session))

    def test_an_error_and_a_gap_at_the_wrap(self):
        session = self.near_the_wrap(1000)
        missing = b"GET " + self.name("none")
        session.channel.write(self.together(session, *((DATA, n, missing) for n in (65_533, 65_534, 65_535, 0, 1))))
        for n in (65_533, 65_534, 65_535, 0, 1):
            self.assertEqual(Message(ERROR, n, b"ERROR not found\n"), session.receive())
        session = self.near_the_wrap(1000)
        session.channel.write(self.together(session, (DATA, 65_533, b"PING"), (DATA, 65_535, b"PING"), (DATA, 0, b"x")))
        self.assertEqual([Message(ACK, 65_533, b"PONG\n"), Message(wire.RESEND, 65_534, b"")],
                         [session.receive(), session.receive()])
        numbers = (65_534, 65_535, 0)
        session.channel.write(self.together(session, *((DATA, n, b"PING") for n in numbers)))
        self.assertEqual([Message(ACK, n, b"PONG\n") for n in numbers], [session.receive() for _ in numbers])

    def test_a_large_value_across_the_wrap(self):
        session = self.near_the_wrap(1000)
        value = os.urandom(10_000_000 // 64) + b"\xff"
        session.max_packet_size = 1024             # fragments smaller than granted, so that there are many
        self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
        session.max_packet_size = session.answer_to["max_packet_size"]
        self.assertLess(session.sequence, 1000)
        self.ok(session, b"GET " + self.name(), value + b"\n")
        session.disconnect()
