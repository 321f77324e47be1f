"""The client's side of a session, the same over both versions: sections 3 and 4 of docs/protocol.md.

It shares no code with the Java side. Three layers, in the document's order: `Channel` (packets, section 1) in
packets_v1.py and packets_v2.py, `Message` (section 2) in wire.py, `Session` here. The tests also use the lower
layers to break the rules on purpose; `Session.request` keeps them, and raises `Violation` when the other side
does not.
"""
import collections
import json
import os
import socket
import sys

from wire import (ACK, CHECKSUMS, DATA, DISCONNECT, ERROR, KEEPALIVE, LAST_SEQUENCE, MAX_PACKET_SIZE,
                  MESSAGE_HEADER, MORE, PART, PART_HEADER, RESEND, SYN, SYN_ACK, Closed, Message, Violation, md5)


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
        self.inbox = collections.deque()               # messages of a packet that were not taken yet, as bytes
        self.most_in_a_packet = 0
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
        if not self.inbox:
            plaintext = self.channel.receive()
            self.inbox.extend(Message.split(plaintext) if self.channel.MANY_MESSAGES else (plaintext,))
            self.most_in_a_packet = max(self.most_in_a_packet, len(self.inbox))
        message = self.inbox.popleft()
        if len(message) > self.max_packet_size:
            raise Violation("a message of %d bytes, limit %d" % (len(message), self.max_packet_size))
        return Message.decode(message, self.checksum)

    def next_number(self):
        """The number of the next message; in version 1 there is none after the last."""
        if self.sequence == LAST_SEQUENCE and not self.channel.NUMBERS_WRAP:
            raise ValueError("the numbers of this session are used up")
        self.sequence = (self.sequence + 1) % (LAST_SEQUENCE + 1)
        return self.sequence

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
        self.max_packet_size = offer["max_packet_size"]
        self.channel.establish(self.max_packet_size)

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
            kind = DATA if index == len(pieces) - 1 else DATA | MORE
            message = Message(kind, self.next_number(), piece)
            self.in_flight[message.sequence] = message
            self.channel.write(self.packet(*message))
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
                    waiting.append(self.next_number())
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
            self._go_back(message.sequence)
        elif message.type == ERROR and message.sequence == 0 and 0 not in self.in_flight:
            raise ConnectionFailed(message.payload.decode())
        elif message.type in (ACK, ERROR, PART):
            self._take_answer(message)
        else:
            raise Violation("message type %d in the data phase" % message.type)

    def _go_back(self, number):
        numbers = list(self.in_flight)
        if number not in numbers:
            raise Violation("RESEND of %d, which is not in flight" % number)
        for sequence in numbers[numbers.index(number):]:
            self.channel.write(self.packet(*self.in_flight[sequence]))

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
        self.send(DISCONNECT, self.next_number())
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


def connect(channel, **wishes):
    """An established session on this channel; wishes are the members of SYN."""
    wishes = {"operation_mode": "step-by-step", "max_packet_size": MAX_PACKET_SIZE, **wishes}
    session = Session(channel)
    try:
        session.handshake(**wishes)
    except BaseException:
        channel.close()
        raise
    return session


def run_program(parser, dialect_of):
    """One request from the command line; `-` takes it from standard input. Status 1: the answer is ERROR.

    `dialect_of` makes of the parsed options what opens a channel; its own options are in the parser already.
    """
    parser.add_argument("--server", required=True, type=parse_address, metavar="HOST:PORT")
    parser.add_argument("--operation-mode", default="burst", choices=["step-by-step", "burst"])
    parser.add_argument("--window", default=64, type=int)
    parser.add_argument("--max-packet-size", default=MAX_PACKET_SIZE, type=int)
    parser.add_argument("--checksum", default="md5", choices=sorted(CHECKSUMS))
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    request = b" ".join(map(os.fsencode, options.command))
    if request == b"-":
        request = sys.stdin.buffer.read()
    session = connect(dialect_of(options).open(),
                      operation_mode=options.operation_mode, window_size=options.window,
                      max_packet_size=options.max_packet_size, checksum=options.checksum)
    reply = session.request(request)
    session.disconnect()
    (sys.stdout if reply.ok else sys.stderr).buffer.write(reply.payload)
    return 0 if reply.ok else 1
