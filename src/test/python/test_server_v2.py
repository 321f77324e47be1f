#!/usr/bin/env python3
"""Runs every case of the version 2 peer against a live server.

usage: python3 -B test_server_v2.py HOST:PORT IDENTITYFILE SERVERKEY CLIENTNAME [NAME...]
IDENTITYFILE holds 32 raw bytes, an X25519 private key whose public key the server knows as CLIENTNAME; SERVERKEY is
the server's public key in hex. A NAME picks tests that contain it. The output is that of runner.py; the exit
status is 0 only if all passed.
"""
import sys

from chat_cases import ChatCases
from cipherlink_v2 import NoiseDialect
from command_cases import CommandCases
from handshake_cases import HandshakeCases
from hostile_cases import HostileCases
from noise_cases import NoiseCases
from opening_cases import OpeningCases
from peer_session import parse_address
from runner import run
from session_cases import SessionCases
from transport_cases import TransportCases

CASES = (NoiseCases, HandshakeCases, CommandCases, ChatCases, SessionCases, HostileCases, OpeningCases, TransportCases)

if __name__ == "__main__":
    address, identity_file, server_key, client_name, *names = sys.argv[1:]
    dialect = NoiseDialect(parse_address(address), identity_file, bytes.fromhex(server_key))
    dialect.client_name = client_name
    sys.exit(run(dialect, CASES, names))
