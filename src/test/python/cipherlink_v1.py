#!/usr/bin/env python3
"""A peer for the version 1 wire of Cipherlink, written from docs/protocol.md alone.

It shares no code with the Java side: secretbox comes from PyNaCl (Debian: python3-nacl), the rest
from the standard library. Three layers, in the document's order: `Channel` (packets, section 1) and
`Message` (section 2) in packets_v1.py, `Session` (sections 3 and 4) here. The tests also use the lower
layers to break the rules on purpose; `Session.request` keeps them, and raises `Violation` when the
other side does not.

As a program:  cipherlink_v1.py --server HOST:PORT --shared-key FILE GET key
"""
import argparse
import collections
import json
import os
import pathlib
import socket
import sys

from packets_v1 import *


class Refused(Exception):
    """The server answered SYN with status "error"."""


class ConnectionFailed(Exception):
    """ERROR with sequence 0: the server gives the connection up."""


class Reply(collections.namedtuple("Reply", "ok payload")):
    """The whole answer to one request."""


class Session:
    """The client's side of a session: sequence numbers, window, fragments, parts, go-back."""

    def __init__(self, channel):
        self.channel = channel
        self.checksum = md5
        self.window = 1
        self.max_packet_size = MAX_PACKET_SIZE
        self.sequence = 0                              # the last one used
        self.in_flight = collections.OrderedDict()     # sequence -> DATA not yet answered
        self.answers = {}
        self.parts = {}                                # sequence -> (total, bytes so far)
        self.cut = set()                               # the numbers whose answers came in parts
        self.events = []
        self.answer_to = None                          # the handshake's SYN_ACK object

    def packet(self, kind, sequence=0, payload=b""):
        """One sealed packet with this message."""
        return self.channel.seal(Message(kind, sequence, payload).encode(self.checksum))

    def send(self, kind, sequence=0, payload=b""):
        """Sends one message as it is, whatever the rules say."""
        self.channel.write(self.packet(kind, sequence, payload))

    def receive(self):
        """The next message as it is."""
        return Message.decode(self.channel.receive(), self.checksum)

    def send_json(self, kind, members):
        """A handshake message."""
        self.send(kind, 0, json.dumps(members).encode())

    def handshake(self, **wishes):
        """SYN, SYN_ACK, ACK; all three still under MD5. Returns the SYN_ACK object."""
        self.send_json(SYN, wishes)
        offer = self.receive_offer()
        self.send_json(ACK, {"session_id": offer["session_id"]})
        self.adopt(offer)
        return offer

    def receive_offer(self):
        """The server's SYN_ACK; Refused if its status is not ok."""
        answer = self.receive()
        if answer.type != SYN_ACK or answer.sequence != 0:
            raise Violation("type %d, sequence %d in place of SYN_ACK" % answer[:2])
        offer = json.loads(answer.payload)
        if offer["status"] != "ok":
            raise Refused(offer["reason"])
        return offer

    def adopt(self, offer):
        """Takes up the negotiated values."""
        self.answer_to = offer
        self.checksum = CHECKSUMS[offer["checksum"]]
        self.window = offer["window_size"]
        self.max_packet_size = self.channel.limit = offer["max_packet_size"]

    def fragments(self, request):
        """The request cut into payloads that fit a packet; at least one, perhaps empty."""
        room = self.max_packet_size - MESSAGE_HEADER.size
        return [request[at:at + room] for at in range(0, len(request), room)] or [b""]

    def post(self, request):
        """Sends one request, waiting for room in the window; returns the number its answer will carry."""
        pieces = self.fragments(request)
        for index, piece in enumerate(pieces):
            while len(self.in_flight) >= self.window:
                self.take()
            self.sequence += 1
            kind = DATA if index == len(pieces) - 1 else DATA | MORE
            self.in_flight[self.sequence] = Message(kind, self.sequence, piece)
            self.channel.write(self.packet(*self.in_flight[self.sequence]))
        return self.sequence

    def answer(self, sequence):
        """Blocks until the whole answer of that number is here."""
        while sequence not in self.answers:
            self.take()
        return self.answers.pop(sequence)

    def request(self, request):
        """One request and its answer."""
        return self.answer(self.post(request))

    def pipeline(self, requests):
        """Single-packet requests sent a window at a time in one write; yields the replies in order."""
        waiting = collections.deque()
        source = iter(requests)
        exhausted = False
        while not exhausted:
            burst = bytearray()
            while len(self.in_flight) < self.window and not exhausted:
                request = next(source, None)
                exhausted = request is None
                if not exhausted:
                    self.sequence += 1
                    waiting.append(self.sequence)
                    self.in_flight[self.sequence] = Message(DATA, self.sequence, request)
                    burst += self.packet(DATA, self.sequence, request)
            self.channel.write(burst)
            while waiting and (exhausted or len(self.in_flight) > self.window // 2):
                yield self.answer(waiting.popleft())

    def take(self):
        """Reads one message and acts on it; an answer must belong to the oldest message in flight."""
        message = self.receive()
        if message.type == KEEPALIVE:
            self.send(ACK, 0, message.payload)
        elif message.type == DATA:
            self.events.append(message.payload)
            self.send(ACK, message.sequence)
        elif message.type == RESEND:
            for sequence, data in list(self.in_flight.items()):
                if sequence >= message.sequence:
                    self.channel.write(self.packet(*data))
        elif message.type == ERROR and message.sequence == 0:
            raise ConnectionFailed(message.payload.decode())
        elif message.type in (ACK, ERROR, PART):
            self._take_answer(message)
        else:
            raise Violation("message type %d in the data phase" % message.type)

    def _take_answer(self, message):
        oldest = next(iter(self.in_flight), None)
        if message.sequence != oldest:
            raise Violation("an answer to %d while %s is the oldest" % (message.sequence, oldest))
        if message.type == PART:
            payload = self._take_part(message)
            if payload is None:
                return
        else:
            payload = message.payload
            if oldest in self.parts:
                raise Violation("an answer of type %d among parts" % message.type)
        request = self.in_flight.pop(oldest)
        if request.type & MORE:
            if message.type != ACK or payload:
                raise Violation("a fragment was answered by more than an empty ACK")
            return
        self.answers[oldest] = Reply(message.type != ERROR, payload)

    def _take_part(self, message):
        offset, total = PART_HEADER.unpack_from(message.payload)
        self.cut.add(message.sequence)
        known, collected = self.parts.setdefault(message.sequence, (total, bytearray()))
        if known != total or offset != len(collected):
            raise Violation("PART offset %d of %d, expected %d of %d"
                            % (offset, total, len(collected), known))
        collected += message.payload[PART_HEADER.size:]
        if len(collected) > total:
            raise Violation("PART beyond its total")
        if len(collected) < total:
            return None
        del self.parts[message.sequence]
        return bytes(collected)

    def disconnect(self):
        """DISCONNECT, its ACK, and the end of the connection."""
        self.sequence += 1
        self.send(DISCONNECT, self.sequence)
        answer = self.receive()
        if answer != Message(ACK, self.sequence, b""):
            raise Violation("DISCONNECT answered by %s" % (answer,))
        try:
            self.channel.receive()
        except Closed:
            self.channel.close()
            return
        raise Violation("the server went on after DISCONNECT")


def parse_address(text):
    """HOST:PORT as a pair."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def dial(address, timeout=20):
    """A TCP connection; `timeout` in seconds bounds the connect and each read and write."""
    sock = socket.create_connection(address, timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def connect(address, key, record=False, **wishes):
    """An established session; wishes are the members of SYN."""
    wishes = {"operation_mode": "step-by-step", "max_packet_size": MAX_PACKET_SIZE, **wishes}
    session = Session(Channel(dial(address), key, record))
    try:
        session.handshake(**wishes)
    except BaseException:
        session.channel.close()
        raise
    return session


def main():
    """One request from the command line; `-` takes it from standard input. Status 1: the answer is ERROR."""
    parser = argparse.ArgumentParser(description="one request over the version 1 wire")
    parser.add_argument("--server", required=True, type=parse_address, metavar="HOST:PORT")
    parser.add_argument("--shared-key", required=True, type=pathlib.Path, metavar="FILE")
    parser.add_argument("--operation-mode", default="burst", choices=["step-by-step", "burst"])
    parser.add_argument("--window", default=64, type=int)
    parser.add_argument("--max-packet-size", default=MAX_PACKET_SIZE, type=int)
    parser.add_argument("--checksum", default="md5", choices=sorted(CHECKSUMS))
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    request = b" ".join(map(os.fsencode, options.command))
    if request == b"-":
        request = sys.stdin.buffer.read()
    session = connect(options.server, options.shared_key.read_bytes(),
                      operation_mode=options.operation_mode, window_size=options.window,
                      max_packet_size=options.max_packet_size, checksum=options.checksum)
    reply = session.request(request)
    session.disconnect()
    (sys.stdout if reply.ok else sys.stderr).buffer.write(reply.payload)
    return 0 if reply.ok else 1


if __name__ == "__main__":
    sys.exit(main())
