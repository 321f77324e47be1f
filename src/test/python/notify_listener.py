"""Stands for a service manager: prints each datagram that comes to a Unix socket, in one line.

usage: notify_listener.py PATH|@NAME

Prints `bound` once datagrams can be sent.
"""

import socket
import sys

name = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind("\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    print(listener.recv(4096).decode().replace("\n", " | "), flush=True)
