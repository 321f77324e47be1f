#!/usr/bin/env python3
"""A peer for the version 1 wire of Cipherlink, written from docs/protocol.md alone.

secretbox comes from PyNaCl (Debian: python3-nacl), the rest from the standard library.

As a program:  cipherlink_v1.py --server HOST:PORT --shared-key FILE GET key
"""
import argparse
import pathlib
import sys

from packets_v1 import SharedKeyChannel
from peer_session import dial, run_program


class SharedKeyDialect:
    """Opens channels of version 1."""

    VERSION = 1

    def __init__(self, address, key_file):
        self.address = address
        self.key_file = key_file
        self.key = pathlib.Path(key_file).read_bytes()

    def open(self, record=False, key=None):
        """A channel on which nothing was said yet."""
        return SharedKeyChannel(dial(self.address), key or self.key, record)

    def raw(self, record=False):
        """The same: version 1 has no handshake below the session's."""
        return self.open(record)

    def program(self):
        """The command line of this file as a program, but for the command."""
        return [__file__, "--server", "%s:%d" % self.address, "--shared-key", self.key_file]


def main():
    """The exit status."""
    parser = argparse.ArgumentParser(description="one request over the version 1 wire")
    parser.add_argument("--shared-key", required=True, metavar="FILE")
    return run_program(parser, lambda options: SharedKeyDialect(options.server, options.shared_key))


if __name__ == "__main__":
    sys.exit(main())
