#!/usr/bin/env python3
"""A small server for the version 1 wire, written from docs/protocol.md alone, to test a client against.

usage: fake_server_v1.py KEYFILE [FAULT]
It listens on a free loopback port, prints `listening 127.0.0.1:PORT`, and ends when its standard input
does. With a FAULT every connection misbehaves in that one way:

    part              every answer comes as PARTs of at most 7 bytes
    part-gap          the same, without the first byte
    twice             every answer is sent twice
    wrong-checksum    the answers of the data phase carry a wrong checksum
    wrong-key         everything is sealed with a key that the client does not have
    reflect           the first packet of the client comes back as it was
    reflect-data      the same, with the first packet of the data phase
    close-mid-reply   the first answer of the data phase ends in the middle of its packet
    close-on-data     the connection ends when the first request arrives, without a word
    huge-header       SYN is answered by a header that announces 4 GiB
    bad-tag           one bit of every answer is wrong
    refuse            SYN is answered by status "error", reason "the house is full"
    wrong-answer      answers carry the number of a request that was never sent
    resend            the first request is dropped once and asked for by RESEND
    keepalive         a KEEPALIVE precedes each answer and must have been echoed before the next request
    event             an event precedes each answer
    error-0           every request is answered by ERROR with sequence 0 and the end
"""
import json
import os
import pathlib
import socketserver
import sys
import threading

import nacl.secret

import wire
from fake_store import FakeStore
from packets_v1 import SharedKeyChannel
from wire import ACK, DATA, DISCONNECT, ERROR, KEEPALIVE, MORE, PART, RESEND, SYN, SYN_ACK, Message

MAX_REQUEST_BYTES = 16 * 1024 * 1024
WINDOW_LIMIT = 4096
MODES = ("step-by-step", "burst")


class Abort(Exception):
    """Ends the connection without another word."""


class Connection(socketserver.BaseRequestHandler):
    """One connection: handshake, then requests until either side ends it."""

    def handle(self):
        self.request.settimeout(30)
        self.request.setsockopt(6, 1, 1)
        self.fault = self.server.fault
        self.channel = SharedKeyChannel(self.request, self.server.key)
        self.channel.limit = 4096 - SharedKeyChannel.NONCE_BYTES - wire.TAG_BYTES
        self.checksum = wire.md5
        self.expected, self.answers, self.fragments = 1, {}, bytearray()
        self.too_large = self.asked = self.failed = False
        self.unanswered, self.out, self.events, self.owed = 0, [], 0, None
        try:
            self.shake_hands()
            while True:
                self.take(self.channel.receive())
                if not self.channel.has_whole_packet():
                    self.flush()
        except (wire.Violation, wire.Closed, OSError, Abort):
            self.request.close()

    def put(self, kind, sequence, payload=b""):
        """Queues one message for flush()."""
        self.out.append(Message(kind, sequence, payload))

    def flush(self):
        """Seals and writes what is queued."""
        spoilt = self.fault == "wrong-checksum" and self.expected > 1
        checksum = (lambda payload: b"oops") if spoilt else self.checksum
        packets = b"".join(self.channel.seal(m.encode(checksum)) for m in self.out)
        if self.fault == "bad-tag" and packets:
            packets = packets[:-1] + bytes([packets[-1] ^ 1])
        self.request.sendall(packets)
        self.out, self.unanswered = [], 0

    def fail(self, reason):
        """ERROR with sequence 0, and the end."""
        self.put(ERROR, 0, b"ERROR %s\n" % reason.encode())
        self.flush()
        raise Abort()

    # ---- section 3

    def shake_hands(self):
        plaintext = self.channel.receive()
        if self.fault == "reflect":
            self.request.sendall(self.server.sealed_again(self.channel, plaintext))
            raise Abort()
        if self.fault == "huge-header":
            self.request.sendall(wire.PACKET_HEADER.pack(1, 24, 0xFFFFFFFF))
            raise Abort()
        if self.fault == "wrong-key":
            self.channel.box = nacl.secret.SecretBox(os.urandom(32))
        syn = Message.decode(plaintext)
        if syn[:2] != (SYN, 0):
            raise Abort()
        offer = self.negotiate(syn.payload)
        self.put(SYN_ACK, 0, json.dumps(offer).encode())
        self.flush()
        if offer["status"] != "ok":
            raise Abort()
        echo = Message.decode(self.channel.receive())
        if echo[:2] != (ACK, 0) or json.loads(echo.payload) != {"session_id": offer["session_id"]}:
            raise Abort()
        self.checksum = wire.CHECKSUMS[offer["checksum"]]
        self.window = offer["window_size"]
        self.size = offer["max_packet_size"]
        self.channel.establish(self.size)

    def negotiate(self, payload):
        """The SYN_ACK object."""
        try:
            wishes = json.loads(payload, parse_constant=int)
            mode, size = wishes["operation_mode"], wishes["max_packet_size"]
            window, checksum = wishes.get("window_size", 64), wishes.get("checksum", "md5")
            if len(payload) > 2048 or mode not in MODES or checksum not in wire.CHECKSUMS or window < 1 \
                    or size < 1024 or not isinstance(wishes.get("client_id", ""), str):
                raise ValueError("bad value")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
            return {"status": "error", "reason": "bad SYN: %s" % type(wrong).__name__}
        if self.fault == "refuse":
            return {"status": "error", "reason": "the house is full"}
        return {"status": "ok", "session_id": os.urandom(16).hex(), "resumed": False, "checksum": checksum,
                "max_packet_size": min(size, wire.MAX_PACKET_SIZE), "operation_mode": mode,
                "window_size": min(window, WINDOW_LIMIT) if mode == "burst" else 1,
                "client_id": wishes.get("client_id", "anonymous")}

    # ---- section 4

    def take(self, plaintext):
        """One message of the data phase."""
        try:
            message = Message.decode(plaintext, self.checksum)
        except wire.Violation as wrong:
            if "checksum" not in str(wrong):
                raise
            self.ask_again()
            return
        kind = message.type & ~MORE
        if message.type == KEEPALIVE and len(message.payload) <= 64:
            self.put(ACK, 0, message.payload)
        elif message.type == ACK:
            if message.sequence == 0 and message.payload == self.owed:
                self.owed = None
        elif kind == DATA:
            self.take_data(message)
        elif message.type == DISCONNECT and message.sequence == self.expected:
            self.put(ACK, message.sequence)
            self.flush()
            raise Abort()
        else:
            raise Abort()

    def ask_again(self):
        """RESEND, once a gap."""
        if not self.asked:
            self.put(RESEND, self.expected)
        self.asked = True

    def take_data(self, message):
        """Runs it, answers it again, or asks for what is missing."""
        if message.sequence in self.answers:
            self.out += self.answers[message.sequence]
            return
        if self.expected > wire.LAST_SEQUENCE:
            self.fail("sequence numbers used up")
        self.unanswered += 1
        if self.unanswered > self.window:
            self.fail("window exceeded")
        if message.sequence != self.expected:
            self.ask_again()
            return
        if self.misbehave(message):
            return
        self.asked = False
        self.expected += 1
        self.answers.pop(message.sequence - self.window, None)
        self.answers[message.sequence] = answer = list(self.run(message))
        self.out += answer * 2 if self.fault == "twice" else answer

    def misbehave(self, message):
        """Does what the fault says before a request runs; whether the request is dropped."""
        if self.fault == "close-on-data":
            raise Abort()
        if self.fault == "error-0":
            self.fail("told to")
        if self.fault == "reflect-data":
            self.request.sendall(self.server.sealed_again(self.channel, message.encode(self.checksum)))
            raise Abort()
        if self.fault == "close-mid-reply":
            packet = self.channel.seal(Message(ACK, message.sequence, b"half of it").encode(self.checksum))
            self.request.sendall(packet[:-5])
            raise Abort()
        if self.fault == "resend" and not self.failed:
            self.failed = True
            self.ask_again()
            return True
        if self.fault == "keepalive":
            if self.owed is not None:
                self.fail("the KEEPALIVE was not answered")
            self.owed = b"alive %d" % message.sequence
            self.put(KEEPALIVE, 0, self.owed)
        if self.fault == "event":
            self.events += 1
            self.put(DATA, self.events, b"EVENT notice number %d\n" % self.events)
        return False

    def run(self, message):
        """The messages that answer this one."""
        if len(self.fragments) + len(message.payload) > MAX_REQUEST_BYTES:
            self.too_large = True
            self.fragments.clear()
        if not self.too_large:
            self.fragments += message.payload
        if message.type & MORE:
            return [Message(ACK, message.sequence, b"")]
        request, self.fragments = bytes(self.fragments), bytearray()
        if self.too_large:
            self.too_large = False
            return [Message(ERROR, message.sequence, b"ERROR request too large\n")]
        ok, payload = self.server.store.run(request)
        number = message.sequence + (99 if self.fault == "wrong-answer" else 0)
        room = self.size - wire.MESSAGE_HEADER.size
        if ok and (self.fault in ("part", "part-gap") or len(payload) > room):
            room = 7 if self.fault else room - wire.PART_HEADER.size
            start = 1 if self.fault == "part-gap" else 0
            return [Message(PART, number, wire.PART_HEADER.pack(at, len(payload)) + payload[at:at + room])
                    for at in range(start, len(payload), room)]
        return [Message(ACK if ok else ERROR, number, payload)]


class FakeServer(socketserver.ThreadingTCPServer):
    """The listener; one thread a connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, key, fault=None):
        super().__init__(("127.0.0.1", 0), Connection)
        self.key = key
        self.fault = fault
        self.store = FakeStore()

    @staticmethod
    def sealed_again(channel, plaintext):
        """The last packet received, byte for byte: the same plaintext under the same nonce."""
        return channel.seal(plaintext, channel.last_nonce)


def main(arguments):
    """Serves until standard input ends."""
    fault = arguments[1] if arguments[1:] else None
    if fault is not None and "\n    %s " % fault not in __doc__:
        return "fake_server_v1: no such fault: " + fault
    with FakeServer(pathlib.Path(arguments[0]).read_bytes(), fault) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print("listening %s:%d" % server.server_address, flush=True)
        sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
