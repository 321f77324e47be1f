"""Runs a program in a network of its own, in which every port is free.

usage: own_network.py PORT,... PROGRAM ARGUMENT...

Where the system does not allow that (it takes root), the program runs in this machine's network, unless one of the
ports is in use there: then the status is 75.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def main():
    ports, command = sys.argv[1].split(","), sys.argv[2:]
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) == 0:
        fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    else:
        for port in ports:
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listener.bind(("127.0.0.1", int(port)))
                except OSError:
                    sys.exit(75)
    os.execv(command[0], command)


main()
