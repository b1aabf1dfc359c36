"""suite.py ROUNDS MODULE...: runs the modules' unit tests so often, prints each test with its outcome.

After each round the resident memory is appended to the file $ROUNDS, in KiB. Ends with 1 when a test failed.
"""
import io
import os
import sys
import unittest


class Outcomes(unittest.TextTestResult):
    """Remembers one line for each test."""

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        self.lines = []

    def stopTest(self, test):
        bad = [kind for kind in ("failures", "errors") if any(test is t for t, _ in getattr(self, kind))]
        skipped = any(test is t for t, _ in self.skipped)
        self.lines.append(f"{test.id()} {bad[0] if bad else 'skipped' if skipped else 'ok'}")
        super().stopTest(test)


def mark():
    with open("/proc/self/status", encoding="ascii") as status, open(os.environ["ROUNDS"], "a", encoding="ascii") as out:
        for line in status:
            if line.startswith("VmRSS:"):
                print(line.split()[1], file=out)


def main(rounds, modules):
    good = True
    for number in range(1, rounds + 1):
        suite = unittest.defaultTestLoader.loadTestsFromNames(modules)
        notes = io.StringIO()
        result = unittest.TextTestRunner(notes, resultclass=Outcomes).run(suite)
        if not result.wasSuccessful():
            sys.stderr.write(notes.getvalue())
            good = False
        print(f"round {number}: {result.testsRun} tests")
        print("\n".join(sorted(result.lines)))
        if rounds > 1:
            mark()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
