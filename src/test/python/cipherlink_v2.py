#!/usr/bin/env python3
"""A peer for the version 2 wire of Cipherlink, written from docs/protocol.md and the Noise specification alone.

X25519 and the ciphers come from the module cryptography (Debian: python3-cryptography), the rest from the
standard library. Its identity is a file of 32 raw bytes, an X25519 private key.

As a program:  cipherlink_v2.py --server HOST:PORT --identity FILE --server-key HEX GET key
"""
import argparse
import pathlib
import sys

import noise
from packets_v2 import SUITES, NoiseChannel, Opening
from peer_session import dial, run_program


class NoiseDialect:
    """Opens channels of version 2."""

    VERSION = 2

    def __init__(self, address, identity_file, server_key, suite=1):
        self.address = address
        self.identity_file = identity_file
        self.identity = noise.KeyPair(pathlib.Path(identity_file).read_bytes())
        self.server_key = server_key
        self.suite = suite
        self.client_name = None    # what the server calls this identity, where a test needs to know

    def raw(self, record=False):
        """A channel on which nothing was said yet, the Noise handshake included."""
        return NoiseChannel(dial(self.address), record)

    def opening(self, identity=None, suite=None, record=False):
        """The same, with the client's side of the handshake about to begin."""
        return Opening(self.raw(record), identity or self.identity, suite or self.suite)

    def open(self, record=False, identity=None, suite=None):
        """A channel on which the Noise handshake was the only thing said."""
        opening = self.opening(identity, suite, record)
        try:
            return opening.run(self.server_key)
        except BaseException:
            opening.channel.close()
            raise

    def program(self):
        """The command line of this file as a program, but for the command."""
        return [__file__, "--server", "%s:%d" % self.address, "--identity", self.identity_file,
                "--server-key", self.server_key.hex()]


def main():
    """The exit status."""
    parser = argparse.ArgumentParser(description="one request over the version 2 wire")
    parser.add_argument("--identity", required=True, metavar="FILE")
    parser.add_argument("--server-key", required=True, type=bytes.fromhex, metavar="HEX")
    parser.add_argument("--suite", default=1, type=int, choices=sorted(SUITES))
    return run_program(parser, lambda options: NoiseDialect(
        options.server, options.identity, options.server_key, options.suite))


if __name__ == "__main__":
    sys.exit(main())
