#!/usr/bin/env python3
"""A small server for the version 1 wire, written from docs/protocol.md alone, to test a client against.

usage: fake_server_v1.py KEYFILE [FAULT]
See fake_server.py for what it prints and for the faults of both versions; these are of this one:

    wrong-key         everything is sealed with a key that the client does not have
    reflect           the first packet of the client comes back as it was
    reflect-data      the same, with the first packet of the data phase
    huge-header       SYN is answered by a header that announces 4 GiB
"""
import os
import pathlib
import sys

import nacl.secret

import wire
from fake_server import Abort, Connection, serve
from packets_v1 import SharedKeyChannel


class SharedKeyConnection(Connection):
    """Version 1: the first packet is SYN's."""

    def open_channel(self):
        channel = SharedKeyChannel(self.request, self.server.key)
        channel.establish(4096 - SharedKeyChannel.NONCE_BYTES - wire.TAG_BYTES)
        return channel

    def reflect(self, plaintext):
        """Sends the last packet received, byte for byte: the same plaintext under the same nonce."""
        self.request.sendall(self.channel.seal(plaintext, self.channel.last_nonce))
        raise Abort()

    def misbehave_on_syn(self, plaintext):
        if self.fault == "reflect":
            self.reflect(plaintext)
        if self.fault == "huge-header":
            self.request.sendall(wire.PACKET_HEADER.pack(1, 24, 0xFFFFFFFF))
            raise Abort()
        if self.fault == "wrong-key":
            self.channel.box = nacl.secret.SecretBox(os.urandom(32))

    def misbehave_on_data(self, message):
        if self.fault == "reflect-data":
            self.reflect(message.encode(self.checksum))


if __name__ == "__main__":
    key_file, *faults = sys.argv[1:]
    sys.exit(serve(SharedKeyConnection, pathlib.Path(key_file).read_bytes(), *(faults or [None]), __doc__))
