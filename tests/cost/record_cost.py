#!/usr/bin/env python3
"""What recording costs: programs that only allocate, and the real ones of the recipes, run plainly, recorded, and
under heaptrack, in turn, round after round. Prints a table: medians, and what lies between the least and the greatest.

usage: record_cost.py [-r ROUNDS] [-b BUILD] [-n MILLIONS] [NAME...]    NAME: pairs, churn, larson, or a recipe's (sqlite, python, ...)
"""
import argparse, os, re, shutil, statistics, subprocess, sys, tempfile, time

CALLS = ['pairs', 'churn', 'larson']
home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def run(words, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        sys.exit(f'record_cost.py: {" ".join(words)} ended with status {done.returncode}: {done.stderr.strip()}')
    return done


def number(pattern, text):
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        sys.exit(f'record_cost.py: no "{pattern}" in: {text}')
    return float(found.group(1))


class Calls:
    """A program of calls.c, which times itself."""

    def __init__(self, name, options):
        self.calls = options.millions * 1000000
        self.command = [f'{options.build}/tests/cost/calls', name, str(self.calls)]

    def plain(self, _):
        return float(run(self.command).stdout.split()[0])

    def recorded(self, folder, arenabench):
        done = run([arenabench, 'record', '-f', '-o', f'{folder}/t', '--'] + self.command)
        return float(done.stdout.split()[0]), done.stderr

    def heaptrack(self, folder):
        done = run(['heaptrack', '-o', f'{folder}/h'] + self.command)
        return number(r'^([0-9.]+) [0-9]+$', done.stdout)

    def is_server(self):
        return False


class Recipe:
    """A real program; its time is from its start to its end, without the writing of the trace."""

    def __init__(self, name, options):
        self.script = f'{home}/workloads/recorded/{name}.sh'
        self.options = options

    def with_prefix(self, prefix):
        return run([self.script, '--run'], env={**os.environ, 'RUN_PREFIX': prefix})

    def timed(self, folder, words):
        self.with_prefix(f'{self.options.build}/tests/cost/lived {folder}/lived {words}')
        with open(f'{folder}/lived') as file:
            return float(file.read())

    def plain(self, folder):
        return self.timed(folder, '')

    def recorded(self, folder, arenabench):
        report = f'{folder}/report'
        self.with_prefix(f'{self.options.build}/tests/cost/lived -e {report} {folder}/lived '
                         f'{arenabench} record -f -o {folder}/t --')
        with open(report) as file:
            text = file.read()
        return number(r'ran for ([0-9.]+) s', text), text

    def heaptrack(self, folder):
        return self.timed(folder, f'heaptrack -o {folder}/h')

    def is_server(self):
        """Whom the recipe asks to end; with heaptrack's helpers around it, it cannot tell which process that is."""
        with open(self.script) as file:
            return re.search('^serve ', file.read(), re.MULTILINE) is not None


def spread(values, form):
    return f'{statistics.median(values):{form}} [{min(values):{form}}, {max(values):{form}}]'


def measure(subject, options, folder, arenabench):
    plain, recorded, tracked, report = [], [], [], ''
    for _ in range(options.rounds):
        plain.append(subject.plain(folder))
        seconds, report = subject.recorded(folder, arenabench)
        recorded.append(seconds)
        if options.heaptrack and not subject.is_server():
            tracked.append(subject.heaptrack(folder))
    return plain, recorded, tracked, report


def row(name, options, folder, arenabench):
    subject = (Calls if name in CALLS else Recipe)(name, options)
    plain, recorded, tracked, report = measure(subject, options, folder, arenabench)
    events = number(r'^  events +([0-9]+)', report)
    hand_overs = 2 * number(r'^    give +([0-9]+)', report) if '    give ' in report else 0
    calls = events - hand_overs
    ratios = [b / a for a, b in zip(plain, recorded)]
    added = [(b - a) * 1e9 / calls for a, b in zip(plain, recorded)]
    cells = [name, f'{calls / 1e6:.2f}', f'{calls / statistics.median(plain) / 1e6:.1f}', spread(ratios, '.2f'),
             spread(added, '.1f'), f'{number(r"^  raw +([0-9.]+)", report) * events / calls:.2f}',
             f'{number(r"^  events .* ([0-9.]+) bytes each", report) * events / calls:.2f}']
    if tracked:
        size = sum(os.path.getsize(f'{folder}/{f}') for f in os.listdir(folder) if f.startswith('h'))
        cells += [spread([b / a for a, b in zip(plain, tracked)], '.1f'), f'{size / calls:.2f}']
    print('| ' + ' | '.join(cells) + ' |', flush=True)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument('-r', '--rounds', type=int, default=7)
    words.add_argument('-b', '--build', default=f'{home}/build')
    words.add_argument('-n', '--millions', type=int, default=20, help='million calls of a program that only allocates')
    words.add_argument('names', nargs='*', default=CALLS + ['sqlite', 'python', 'redis-tides'])
    options = words.parse_args()
    options.build = os.path.abspath(options.build)
    options.heaptrack = shutil.which('heaptrack') is not None
    arenabench = f'{options.build}/runner/cli/arenabench'
    heads = ['program', 'million calls', 'million a second', 'time, recorded / plain', 'ns added per call',
             'raw bytes per call', 'bytes per call in the trace']
    if options.heaptrack:
        heads += ['time, heaptrack / plain', 'its bytes per call']
    print('| ' + ' | '.join(heads) + ' |\n' + '|---' * len(heads) + '|', flush=True)
    for name in options.names:
        with tempfile.TemporaryDirectory() as folder:
            row(name, options, folder, arenabench)


main()
