#!/usr/bin/env python3
"""Runs every case of the Python peer against a live server.

usage: python3 -B test_server_v1.py [HOST:PORT KEYFILE [NAME...]]
Without arguments the server is CIPHERLINK_SERVER and the key file CIPHERLINK_SHARED_KEY. A NAME picks
tests that contain it. One line a test on standard output, for the build to read, fields split by tabs:

    RESULT  passed|failed  <class>.<test>  <seconds>  <the failure, newlines as \\n>

and at the end `DONE <number of tests>`. The exit status is 0 only if all passed.
"""
import os
import sys
import time
import unittest

from command_cases import CommandCases
from handshake_cases import HandshakeCases
from hostile_cases import HostileCases
from session_cases import SessionCases

CASES = (HandshakeCases, CommandCases, SessionCases, HostileCases)


class LineResult(unittest.TestResult):
    """Writes the outcome of each test as soon as it is known."""

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        self.faults = []

    def addError(self, test, err):
        super().addError(test, err)
        self.faults.append(self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.faults.append(self.failures[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.faults.append(str(subtest._subDescription()) + "\n" + self._exc_info_to_string(err, test))

    def stopTest(self, test):
        super().stopTest(test)
        _, name, method = test.id().rsplit(".", 2)
        detail = "\n".join(self.faults).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", " ")
        print("RESULT", "failed" if self.faults else "passed", name + "." + method,
              "%.2f" % (time.monotonic() - self.began), detail, sep="\t", flush=True)


def main(arguments):
    """The exit status."""
    if arguments[:2]:
        os.environ["CIPHERLINK_SERVER"], os.environ["CIPHERLINK_SHARED_KEY"] = arguments[:2]
    suite = unittest.TestSuite(
        test for case in CASES for test in unittest.defaultTestLoader.loadTestsFromTestCase(case)
        if not arguments[2:] or any(name in test.id() for name in arguments[2:]))
    result = LineResult()
    suite.run(result)
    print("DONE", result.testsRun, sep="\t", flush=True)
    return 0 if result.testsRun and result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
