"""Peers that break the rules of any version: docs/protocol.md, sections 1, 2 and 4."""
import contextlib
import os
import time

import wire
from peer_case import OneByteSocket, PeerCase
from wire import ACK, DATA, PACKET_HEADER, SYN, SYN_ACK, Message


class HostileCases(PeerCase):
    """The server ends what it cannot follow, and serves on."""

    def test_unknown_and_misplaced_message_types_end_the_session(self):
        for kind in (0, SYN, SYN_ACK, 0x0A, 0x10, 0x7F, 0x80, 0x82, 0x84, 0x85, 0x86, 0x8F, 0xFF):
            with self.subTest(type=kind):
                session = self.connect()
                session.send(kind, 1, b"")
                self.assert_ended(session)

    def test_one_byte_at_a_time_is_as_good_as_at_once(self):
        session = self.fresh()
        whole = session.channel.socket.sendall
        session.channel.socket = OneByteSocket(session.channel.socket)
        session.handshake(operation_mode="burst", max_packet_size=1024, window_size=4)
        value = bytes(range(256))
        self.ok(session, b"SET %s %s" % (self.name(), value), b"OK\n")
        self.ok(session, b"GET " + self.name(), value + b"\n")
        whole(session.packet(DATA, session.sequence + 1, b"PING") + session.packet(DATA, session.sequence + 2, b"PING"))
        self.assertEqual([Message(ACK, session.sequence + n, b"PONG\n") for n in (1, 2)],
                         [session.receive(), session.receive()])

    def test_a_packet_cut_anywhere_is_not_run(self):
        for cut in (1, 8, 9, 20, 33, 48, -15, -1):
            session = self.connect()
            session.channel.write(session.packet(DATA, 1, b"SET %s x" % self.name())[:cut])
            session.channel.socket.shutdown(1)
            self.assert_ended(session)
        self.assertFalse(self.exists(self.name()))

    def test_the_server_serves_on_after_a_flood_of_rubbish(self):
        for _ in range(100):
            channel = self.raw()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                channel.write(os.urandom(64))
            channel.close()
        deadline = time.monotonic() + 10
        while True:
            try:
                self.ok(self.connect(), b"PING", b"PONG\n")
                return
            except (wire.Closed, ConnectionResetError):    # the limit for one address still holds
                self.assertLess(time.monotonic(), deadline, "not served again")
                time.sleep(0.02)

    def test_other_protocols_are_closed_without_a_byte(self):
        for hello in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                      b"*1\r\n$4\r\nPING\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", bytes(9), b"\xff" * 100):
            with self.subTest(hello=hello[:12]):
                channel = self.raw()
                channel.write(hello)
                self.assert_closed_in_silence(channel)

    def test_unknown_versions_are_closed_without_a_byte(self):
        for version in (0, 3, 4, 22, 71, 127, 128, 129, 255):
            with self.subTest(version=version):
                channel = self.raw()
                channel.write(PACKET_HEADER.pack(version, channel.NONCE_BYTES, 100))
                self.assert_closed_in_silence(channel)

    def test_another_version_later_ends_the_session(self):
        for version in (0, 1, 2, 3):
            if version != self.dialect.VERSION:
                session = self.connect()
                packet = session.packet(DATA, 1, b"SET %s x" % self.name())
                session.channel.write(bytes((version,)) + packet[1:])
                self.assert_closed_in_silence(session.channel)
        self.assertFalse(self.exists(self.name()))
