#!/usr/bin/env python3
"""A small server for the version 2 wire, written from docs/protocol.md and the Noise specification alone.

usage: fake_server_v2.py IDENTITYFILE CLIENTKEY [FAULT]
IDENTITYFILE holds 32 raw bytes, an X25519 private key; CLIENTKEY is the public key, in hex, of the only client that
it lets in. See fake_server.py for what it prints and for the faults of both versions. When a connection has ended,
it prints `ended after N packets`: those of the client that came whole, so 1 if packet 3 was never sent. The faults
of this version:

    payload-2         packet 2 has a payload
    bad-tag-2         one bit of packet 2 is wrong
    low-order-2       the ephemeral key in packet 2 is of low order
    short-2           packet 2 is one byte too short
    flood             66,000 packets precede the first answer, so that both sides renew their keys
    flood-no-rekey    the same, but the server goes on with its first key
    replay            the first answer of the data phase is sent twice, the same packet
    empty             an empty packet precedes the first answer
    version-1         the first answer comes in a packet whose version is 1
    nonce             the first answer comes in a packet with a nonce
"""
import os
import pathlib
import socket
import sys

import noise
from fake_server import Abort, Connection, serve
from packets_v2 import PACKET_SIZES, SUITES, NoiseChannel, prologue
from wire import ACK, ERROR, KEEPALIVE, PACKET_HEADER, Message


class CountingChannel(NoiseChannel):
    """Knows how many packets came."""

    packets = 0

    def receive_data(self):
        received = super().receive_data()
        self.packets += 1
        return received


class NoiseConnection(Connection):
    """Version 2: three packets of Noise, and then SYN."""

    client_name = "known.by-its-key"
    client_key = None    # whom all connections let in

    def open_channel(self):
        self.channel = channel = CountingChannel(self.request)
        try:
            handshake = self.shake_noise_hands(channel)
        except noise.HandshakeFailure:
            raise Abort() from None
        channel.begin_transport(handshake)
        if self.fault == "flood-no-rekey":
            channel.sending.rekey = lambda: None
        if handshake.rs != self.client_key:
            self.refuse()
        return channel

    def shake_noise_hands(self, channel):
        """The three packets."""
        sizes = [size for size, _, _ in PACKET_SIZES.values()]
        channel.sizes = (min(sizes), max(sizes))
        first = channel.receive_data()[1]
        suite, message = first[0], first[1:]
        if suite not in SUITES or len(first) != PACKET_SIZES[suite][0]:
            raise Abort()
        handshake = noise.Handshake(SUITES[suite], False, prologue(suite), self.server.key)
        handshake.read(message)
        if self.fault == "low-order-2":
            handshake.e.public = bytes(32)
        data = handshake.write(b"x" if self.fault == "payload-2" else b"")
        if self.fault == "bad-tag-2":
            data = data[:-1] + bytes((data[-1] ^ 1,))
        channel.write(channel.frame(data[:-1] if self.fault == "short-2" else data))
        channel.sizes = PACKET_SIZES[suite][2:] * 2
        if handshake.read(channel.receive_data()[1]):
            raise Abort()
        return handshake

    def refuse(self):
        """ERROR, and the end: not before the client has read it, or a reset would take it away."""
        self.channel.write(self.channel.seal(Message(ERROR, 0, b"ERROR not authorized\n").encode()))
        self.request.shutdown(socket.SHUT_WR)
        while self.request.recv(4096):
            pass
        raise Abort()

    def flood(self):
        """Packets with a KEEPALIVE each, a chunk at a time; each has to be answered."""
        for _ in range(66):
            self.request.sendall(b"".join(
                self.channel.seal(Message(KEEPALIVE, 0, b"%d" % n).encode(self.checksum)) for n in range(1000)))
            waiting = [Message(ACK, 0, b"%d" % n) for n in range(999, -1, -1)]
            while waiting:
                for piece in self.pieces(self.channel.receive()):
                    message = Message.decode(piece, self.checksum)
                    # On a busy machine the client may send its request again meanwhile, or ask whether anybody is here.
                    if message.type == ACK and message != waiting.pop():
                        self.fail("a KEEPALIVE was not answered")

    def misbehave_on_data(self, message):
        if self.fault in ("flood", "flood-no-rekey") and not self.failed:
            self.failed = True
            self.flood()
        answer = Message(ACK, message.sequence, b"OK\n").encode(self.checksum)
        if self.fault == "replay":
            self.request.sendall(self.channel.seal(answer) * 2)
        elif self.fault == "empty":
            self.request.sendall(self.channel.seal(b""))
        elif self.fault == "version-1":
            self.request.sendall(b"\1" + self.channel.seal(answer)[1:])
        elif self.fault == "nonce":
            data = self.channel.seal(answer)[PACKET_HEADER.size:]
            self.request.sendall(PACKET_HEADER.pack(2, 24, len(data)) + os.urandom(24) + data)

    def ended(self):
        print("ended after %d packets" % self.channel.packets, flush=True)


if __name__ == "__main__":
    identity_file, client_key, *faults = sys.argv[1:]
    NoiseConnection.client_key = bytes.fromhex(client_key)
    sys.exit(serve(NoiseConnection, noise.KeyPair(pathlib.Path(identity_file).read_bytes()), *(faults or [None]),
                   __doc__))
