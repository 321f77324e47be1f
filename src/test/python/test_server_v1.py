#!/usr/bin/env python3
"""Runs every case of the version 1 peer against a live server.

usage: python3 -B test_server_v1.py HOST:PORT KEYFILE [NAME...]
A NAME picks tests that contain it. The output is that of runner.py; the exit status is 0 only if all passed.
"""
import sys

from chat_cases import ChatCases
from cipherlink_v1 import SharedKeyDialect
from command_cases import CommandCases
from handshake_cases import HandshakeCases
from hostile_cases import HostileCases
from peer_session import parse_address
from runner import run
from session_cases import SessionCases
from shared_key_cases import SharedKeyCases

CASES = (HandshakeCases, CommandCases, ChatCases, SessionCases, HostileCases, SharedKeyCases)

if __name__ == "__main__":
    address, key_file, *names = sys.argv[1:]
    sys.exit(run(SharedKeyDialect(parse_address(address), key_file), CASES, names))
