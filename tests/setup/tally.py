"""tally.py TESTLOG.json: counts what `meson test` logged; the last line is "N passed, N failed", the one before
"N skipped" if any were.

A program that speaks TAP counts with each of its tests, any other as one. A program that did not end well
counts as one failure at least. The exit status is 1 when something failed or nothing was run.
"""
import json
import re
import sys

TAP_LINE = re.compile(r"^(not )?ok\b(.*)$", re.MULTILINE)
GOOD = ("OK", "EXPECTEDFAIL")


def tap_counts(text):
    """(passed, failed, skipped) by the lines of a TAP program."""
    passed = failed = skipped = 0
    for negation, rest in TAP_LINE.findall(text):
        if re.search(r"#\s*skip", rest, re.IGNORECASE):
            skipped += 1
        elif negation and not re.search(r"#\s*todo", rest, re.IGNORECASE):
            failed += 1
        else:
            passed += 1
    return passed, failed, skipped


def counts(test):
    """(passed, failed, skipped) of one logged program."""
    if test["result"] == "SKIP":
        return 0, 0, 1
    passed, failed, skipped = tap_counts(test.get("stdout") or "")
    good = test["result"] in GOOD
    if passed + failed + skipped == 0:
        return (1, 0, 0) if good else (0, 1, 0)
    return passed, failed if good else max(failed, 1), skipped


def main(path):
    try:
        with open(path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log]
    except OSError:
        tests = []  # meson said why
    passed, failed, skipped = (sum(column) for column in zip((0, 0, 0), *map(counts, tests)))
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
