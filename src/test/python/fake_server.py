"""A small server, the same over both versions of the wire: sections 3 and 4 of docs/protocol.md.

It listens on a free loopback port, prints `listening 127.0.0.1:PORT`, and ends when its standard input does. A
version derives from Connection and says how its channel is opened. With a fault every connection misbehaves in
that one way; these can be had in both versions:

    part              every answer comes as PARTs of at most 7 bytes
    part-gap          the same, without the first byte
    twice             every answer is sent twice
    wrong-checksum    the answers of the data phase carry a wrong checksum
    close-mid-reply   the first answer of the data phase ends in the middle of its packet
    close-on-data     the connection ends when the first request arrives, without a word
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
import socketserver
import sys
import threading

import wire
from fake_store import FakeStore
from wire import ACK, DATA, DISCONNECT, ERROR, KEEPALIVE, MORE, PART, RESEND, SYN, SYN_ACK, Message

MAX_REQUEST_BYTES = 16 * 1024 * 1024
WINDOW_LIMIT = 4096
MODES = ("step-by-step", "burst")


class Abort(Exception):
    """Ends the connection without another word."""


class Connection(socketserver.BaseRequestHandler):
    """One connection: handshake, then requests until either side ends it."""

    client_name = None    # what the server calls its clients, whatever they call themselves

    def handle(self):
        self.request.settimeout(30)
        self.request.setsockopt(6, 1, 1)
        self.fault = self.server.fault
        self.checksum = wire.md5
        self.expected, self.answers, self.fragments = 1, {}, bytearray()
        self.too_large = self.asked = self.failed = False
        self.unanswered, self.out, self.events, self.owed = 0, [], 0, None
        try:
            self.channel = self.open_channel()
            self.shake_hands()
            while True:
                for piece in self.pieces(self.channel.receive()):
                    self.take(piece)
                if not self.channel.has_whole_packet():
                    self.flush()
        except (wire.Violation, wire.Closed, OSError, Abort):
            self.request.close()
        finally:
            self.ended()

    def open_channel(self):
        """A channel on which SYN comes next."""
        raise NotImplementedError

    def misbehave_on_syn(self, plaintext):
        """What a version's own faults do when SYN has come."""

    def misbehave_on_data(self, message):
        """What a version's own faults do before a request runs."""

    def ended(self):
        """The connection is over."""

    def pieces(self, plaintext):
        """The messages of a packet, as bytes."""
        return Message.split(plaintext) if self.channel.MANY_MESSAGES else [plaintext]

    def plaintexts(self, encoded):
        """These messages as the plaintexts of packets: as few as the version allows."""
        if not self.channel.MANY_MESSAGES:
            yield from encoded
            return
        together = b""
        for message in encoded:
            if together and len(together) + len(message) > wire.MAX_PACKET_SIZE:
                yield together
                together = b""
            together += message
        if together:
            yield together

    def put(self, kind, sequence, payload=b""):
        """Queues one message for flush()."""
        self.out.append(Message(kind, sequence, payload))

    def flush(self):
        """Seals and writes what is queued."""
        spoilt = self.fault == "wrong-checksum" and self.expected > 1
        checksum = (lambda payload: b"oops") if spoilt else self.checksum
        packets = b"".join(map(self.channel.seal, self.plaintexts([m.encode(checksum) for m in self.out])))
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
        self.misbehave_on_syn(plaintext)
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
                "client_id": self.client_name or wishes.get("client_id", "anonymous")}

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
        if self.channel.NUMBERS_WRAP:
            self.expected %= wire.LAST_SEQUENCE + 1
        self.answers.pop((message.sequence - self.window) % (wire.LAST_SEQUENCE + 1), None)
        self.answers[message.sequence] = answer = list(self.run(message))
        self.out += answer * 2 if self.fault == "twice" else answer

    def misbehave(self, message):
        """Does what the fault says before a request runs; whether the request is dropped."""
        if self.fault == "close-on-data":
            raise Abort()
        if self.fault == "error-0":
            self.fail("told to")
        self.misbehave_on_data(message)
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
    """The listener; one thread a connection, which finds the server's key and fault here."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, connection, key, fault):
        super().__init__(("127.0.0.1", 0), connection)
        self.key = key
        self.fault = fault
        self.store = FakeStore()


def serve(connection, key, fault, own_faults):
    """Serves until standard input ends. `own_faults` is the text that lists those of the version."""
    if fault is not None and "\n    %s " % fault not in __doc__ + own_faults:
        return "no such fault: " + fault
    with FakeServer(connection, key, fault) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print("listening %s:%d" % server.server_address, flush=True)
        sys.stdin.buffer.read()
    return 0
