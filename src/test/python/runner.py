"""Runs test cases against a live server and reports a line a test on standard output, for the build to read.

Fields are split by tabs:

    RESULT  passed|failed  <class>.<test>  <seconds>  <the failure, newlines as \\n>

and at the end `DONE <number of tests>`.
"""
import time
import unittest

from peer_case import PeerCase


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


def run(dialect, cases, names=()):
    """Runs those tests of the cases that contain one of the names, or all; 0 only if all passed, else 1."""
    PeerCase.dialect = dialect
    suite = unittest.TestSuite(
        test for case in cases for test in unittest.defaultTestLoader.loadTestsFromTestCase(case)
        if not names or any(name in test.id() for name in names))
    result = LineResult()
    suite.run(result)
    print("DONE", result.testsRun, sep="\t", flush=True)
    return 0 if result.testsRun and result.wasSuccessful() else 1
