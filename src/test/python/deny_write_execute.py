"""Runs a program that may not make memory executable, as systemd's MemoryDenyWriteExecute has it.

usage: deny_write_execute.py PROGRAM ARGUMENT...

Status 75: this system cannot do that (it takes Linux 6.3).
"""

import ctypes
import os
import sys

PR_SET_MDWE = 65
PR_MDWE_REFUSE_EXEC_GAIN = 1

if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    sys.exit(75)
os.execv(sys.argv[1], sys.argv[1:])
