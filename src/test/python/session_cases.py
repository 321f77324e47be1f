"""Section 4 of docs/protocol.md: sequence numbers, window, checksums, duplicates, the end of a session."""

import wire
from wire import ACK, DATA, DISCONNECT, ERROR, KEEPALIVE, MORE, PART, RESEND, Message
from peer_case import PeerCase, random_value


class SessionCases(PeerCase):
    """Messages are mostly sent by hand here; `Session.request` would refuse to break these rules."""

    def damaged(self, session, sequence, payload):
        """A packet that authenticates and carries a message whose checksum is wrong."""
        plaintext = bytearray(Message(DATA, sequence, payload).encode(session.checksum))
        plaintext[7] ^= 1
        return session.channel.seal(bytes(plaintext))

    def answers(self, session, count):
        """The next messages, as (type, sequence, integer payload or None)."""
        messages = [session.receive() for _ in range(count)]
        return [(m.type, m.sequence, int(m.payload) if m.payload else None) for m in messages]

    def assert_nothing_else(self, session):
        """A KEEPALIVE sent now is the next thing answered."""
        session.send(KEEPALIVE, 0, b"fence")
        self.assertEqual(Message(ACK, 0, b"fence"), session.receive())

    def test_requests_are_numbered_from_1_and_answers_carry_the_number(self):
        for mode in ("step-by-step", "burst"):
            session = self.connect(operation_mode=mode)
            for sequence in range(1, 6):
                session.send(DATA, sequence, b"PING")
                self.assertEqual(Message(ACK, sequence, b"PONG\n"), session.receive())
            session.send(DATA, 6, b"GET " + self.name())
            self.assertEqual(Message(ERROR, 6, b"ERROR not found\n"), session.receive())

    def test_a_burst_of_exactly_the_window_is_answered_in_order(self):
        for window in (1, 2, 5, 64, 1000):
            with self.subTest(window=window):
                session = self.burst(window)
                window = session.window
                for round_trip in range(2):
                    first = round_trip * window + 1
                    numbers = range(first, first + window)
                    session.channel.write(b"".join(
                        session.packet(DATA, n, b"ECHO %d" % n) for n in numbers))
                    for n in numbers:
                        answer = session.receive()
                        self.assertEqual((ACK, n), answer[:2])
                        self.assertEqual(b"Echo: %d" % n, answer.payload.rstrip(b"\n"))

    def test_requests_of_one_burst_run_in_order(self):
        session = self.burst(200)
        replies = session.pipeline([b"INCR " + self.name()] * 1000)
        self.assertEqual(list(range(1, 1001)), [int(reply.payload) for reply in replies])

    def test_one_more_than_the_window_ends_the_connection(self):
        for wishes in ({"operation_mode": "burst", "window_size": 5}, {"operation_mode": "step-by-step"}):
            with self.subTest(**wishes):
                session = self.connect(**wishes)
                # Answered, so that nothing of the handshake shares the server's next read with the burst: a server
                # that has answered what it has read cannot tell that the rest was sent too early.
                self.ok(session, b"PING", b"PONG\n")
                session.channel.write(b"".join(
                    session.packet(DATA, 2 + at, b"PING") for at in range(session.window + 1)))
                messages = self.read_until_closed(session)
                self.assertEqual((ERROR, 0), messages[-1][:2] if messages else None, messages)
                self.assertRegex(messages[-1].payload, rb"\AERROR [^\n]+\n\Z")
                self.assertEqual([(ACK, 2 + at) for at in range(len(messages) - 1)],
                                 [message[:2] for message in messages[:-1]])
                self.assertLessEqual(len(messages) - 1, session.window)

    def test_far_more_than_the_window_ends_the_connection(self):
        session = self.burst(5)
        block = b"".join(session.packet(DATA, n, b"PING") for n in range(1, 5001))
        try:
            session.channel.write(block)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answered = [m for m in self.read_until_closed(session) if m.type == ACK]
        self.assertLess(len(answered), 5000)

    def test_a_bad_checksum_is_sent_again(self):
        session = self.connect()
        session.channel.write(self.damaged(session, 1, b"INCR " + self.name()))
        self.assertEqual(Message(RESEND, 1, b""), session.receive())
        session.channel.write(self.incr(session, 1))
        self.assertEqual([(ACK, 1, 1)], self.answers(session, 1))
        self.assertEqual(1, self.counted(session))

    def test_the_sender_goes_back_to_the_number_in_resend(self):
        session = self.burst(8)
        session.channel.write(self.incr(session, 1) + self.damaged(session, 2, b"INCR " + self.name())
                              + self.incr(session, 3, 4))
        self.assertEqual([(ACK, 1, 1), (RESEND, 2, None)], self.answers(session, 2))
        self.assert_nothing_else(session)
        session.channel.write(self.incr(session, 2, 3, 4))
        self.assertEqual([(ACK, 2, 2), (ACK, 3, 3), (ACK, 4, 4)], self.answers(session, 3))
        self.assertEqual(4, self.counted(session))

    def test_a_gap_is_asked_for_once_and_each_new_gap_again(self):
        session = self.burst(8)
        for missing in (1, 2, 3):
            session.channel.write(self.incr(session, missing + 1, missing + 2))
            self.assertEqual([(RESEND, missing, None)], self.answers(session, 1))
            self.assert_nothing_else(session)
            session.channel.write(self.incr(session, missing))
            self.assertEqual([(ACK, missing, missing)], self.answers(session, 1))
        self.assertEqual(3, self.counted(session))

    def test_a_duplicate_gets_the_stored_answer_and_does_not_run_again(self):
        for wishes in ({"operation_mode": "burst", "window_size": 8}, {"operation_mode": "step-by-step"}):
            with self.subTest(**wishes):
                session = self.connect(**wishes)
                before = int(session.request(b"INCR " + self.name()).payload)
                self.assertEqual(1, session.sequence)
                for _ in range(3):
                    session.channel.write(self.incr(session, 1))
                    self.assertEqual([(ACK, 1, before)], self.answers(session, 1))
                session.channel.write(self.incr(session, 2))
                self.assertEqual([(ACK, 2, before + 1)], self.answers(session, 1))

    def test_the_first_payload_of_a_number_wins(self):
        session = self.burst(8)
        session.channel.write(self.incr(session, 1))
        self.assertEqual([(ACK, 1, 1)], self.answers(session, 1))
        session.send(DATA, 1, b"SET %s 1000" % self.name())
        self.assertEqual([(ACK, 1, 1)], self.answers(session, 1))
        self.assertEqual(1, self.counted(session))

    def test_errors_and_parts_are_stored_answers_too(self):
        session = self.burst(8, max_packet_size=1024)
        value = random_value(3000)
        self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
        at = session.sequence
        for _ in range(2):
            session.send(DATA, at + 1, b"GET " + self.name())
            parts = []
            while sum(map(len, parts)) < len(value) + 1:
                message = session.receive()
                self.assertEqual((PART, at + 1), message[:2])
                offset, total = wire.PART_HEADER.unpack_from(message.payload)
                self.assertEqual((sum(map(len, parts)), len(value) + 1), (offset, total))
                parts.append(message.payload[wire.PART_HEADER.size:])
            self.assertEqual(value + b"\n", b"".join(parts))
            session.send(DATA, at + 2, b"GET " + self.name("none"))
            self.assertEqual(Message(ERROR, at + 2, b"ERROR not found\n"), session.receive())

    def test_no_duplicate_of_a_large_read_becomes_a_write(self):
        session = self.burst(8)
        value = random_value(30_000)
        self.ok(session, b"SET %s %s" % (self.name("big"), value), b"OK\n")
        self.ok(session, b"GET " + self.name("big"), value + b"\n")
        session.send(DATA, session.sequence, b"INCR " + self.name())
        session.send(DATA, session.sequence, b"GET " + self.name("big"))
        self.assertIn(session.receive()[:2], ((ACK, session.sequence), (ERROR, 0)))
        self.assertFalse(self.exists(self.name()))

    def test_the_last_fragment_sent_again_is_not_taken_for_a_request(self):
        session = self.burst(8)
        text, tail = b"ECHO " + b"e" * 5000, b"INCR " + self.name()
        session.channel.write(session.packet(DATA | MORE, 1, text) + session.packet(DATA, 2, tail))
        self.assertEqual(Message(ACK, 1, b""), session.receive())
        answer = session.receive()
        self.assertEqual((ACK, 2), answer[:2])
        self.assertTrue(answer.payload.rstrip(b"\n").endswith(tail))
        session.send(DATA, 2, tail)
        self.assertEqual(answer, session.receive())
        self.assertFalse(self.exists(self.name()))

    def test_a_very_old_number_does_not_run_again(self):
        session = self.burst(4)
        for sequence in range(1, 21):
            session.channel.write(self.incr(session, sequence))
            self.assertEqual([(ACK, sequence, sequence)], self.answers(session, 1))
        session.channel.write(self.incr(session, 2))
        self.assertEqual(20, self.counted(session))

    def test_fragments_are_acknowledged_empty_and_the_last_one_answers(self):
        session = self.burst(8)
        session.send(DATA | MORE, 1, b"SE")
        self.assertEqual(Message(ACK, 1, b""), session.receive())
        session.send(DATA | MORE, 2, b"T %s 1" % self.name())
        self.assertEqual(Message(ACK, 2, b""), session.receive())
        session.send(DATA | MORE, 3, b"")
        self.assertEqual(Message(ACK, 3, b""), session.receive())
        self.assert_nothing_else(session)
        session.send(DATA | MORE, 2, b"T %s 1" % self.name())
        self.assertEqual(Message(ACK, 2, b""), session.receive())
        session.send(DATA, 4, b"234\n")
        self.assertEqual(Message(ACK, 4, b"OK\n"), session.receive())
        session.send(DATA, 4, b"234\n")
        self.assertEqual(Message(ACK, 4, b"OK\n"), session.receive())
        self.assertEqual(1234, self.counted(session))

    def test_a_damaged_fragment_is_sent_again(self):
        session = self.burst(8)
        session.channel.write(session.packet(DATA | MORE, 1, b"SET %s 12" % self.name())
                              + self.damaged(session, 2, b"345") + session.packet(DATA, 3, b"6"))
        self.assertEqual([Message(ACK, 1, b""), Message(RESEND, 2, b"")],
                         [session.receive(), session.receive()])
        session.channel.write(session.packet(DATA | MORE, 2, b"34") + session.packet(DATA, 3, b"5"))
        self.assertEqual([Message(ACK, 2, b""), Message(ACK, 3, b"OK\n")],
                         [session.receive(), session.receive()])
        self.assertEqual(12345, self.counted(session))

    def test_keepalive_is_answered_by_ack_0_with_the_same_payload(self):
        session = self.connect()
        for payload in (b"", b"x", bytes(range(64))):
            session.send(KEEPALIVE, 0, payload)
            self.assertEqual(Message(ACK, 0, payload), session.receive())
        self.ok(session, b"PING", b"PONG\n")

    def test_a_keepalive_of_65_bytes_is_not_answered(self):
        session = self.connect()
        session.send(KEEPALIVE, 0, bytes(65))
        self.assert_ended(session)

    def test_disconnect_is_acknowledged_and_both_close(self):
        for mode in ("step-by-step", "burst"):
            session = self.connect(operation_mode=mode)
            self.ok(session, b"PING", b"PONG\n")
            session.disconnect()

    def test_disconnect_behind_requests_comes_after_their_answers(self):
        session = self.burst(8)
        session.channel.write(self.incr(session, 1, 2, 3) + session.packet(DISCONNECT, 4))
        self.assertEqual([(ACK, 1, 1), (ACK, 2, 2), (ACK, 3, 3), (ACK, 4, None)],
                         [(m.type, m.sequence, int(m.payload) if m.payload else None)
                          for m in self.read_until_closed(session)])

    def test_nothing_runs_after_disconnect(self):
        session = self.burst(8)
        session.channel.write(self.incr(session, 1) + session.packet(DISCONNECT, 2) + self.incr(session, 3))
        self.read_until_closed(session)
        self.assertEqual(1, self.counted(session))
