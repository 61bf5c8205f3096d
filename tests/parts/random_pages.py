"""Metrics pages made at random: valid, nearly valid and broken ones, in both text formats, each a
little different from the one before.

    pages = RandomPages(seed, openmetrics=False)
    pages.next()        # an Answer (parts/versioned_pages.py); the same ones for the same seed
"""
import random

from parts.agent_comparison import has_timestamps
from parts.versioned_pages import OPENMETRICS, TEXT, Answer

STEP_MS = 2000  # from one page to the next, where it is scraped on time
NAMES = ('a', 'b_total', 'c_seconds_bucket', 'c_seconds_sum', 'd:e', 's', 's_count', '_x', 'A9')
LABELS = (
    'le',
    'quantile',
    'job',
    'instance',
    'exported_job',
    'cell',
    'exported_cell',
    'x',
    'zone',
    '__tmp',
    'le',
)
VALUES = (
    ['0', '1', '-0', '+1', '1.0', '0.1', '.5', '5.', '1e3', '1E-3', '1e+06', '1e-400', '5e-324']
    + ['1.7976931348623157e308', '12345678901234567890', '0.30000000000000004', '3.0e-5', '1e22']
    + ['NaN', 'nan', '+Inf', '-Inf', 'Inf', 'inf', '-inf', 'infinity', '9007199254740993']
)
BROKEN_VALUES = (
    '1e309',
    '0x1p4',
    '0x10',
    '1_000',
    '',
    '1e',
    '--1',
    '+',
    '-nan',
    '1.2.3',
    'one',
    '1f',
)
CONTENTS = (
    ['', '0.5', '1', '1.0', '+Inf', 'Inf', '1e6', '100000', '1000000', '0.00001', '-0', 'nan']
    + ['x', 'eu-1', 'us-2', 'Ünïcödé', '日本', 'a b', r'a\\b', r'\"', r'a\nb', r'\t', ',', '}', '#']
    + ['=', 'x' * 70, '{', ' ', r'C:\\']
)
# Spelled as both agents spell them: Prometheus keeps the spelling that a line had under the TYPE
# that it was first seen with.
BOUNDS = ('0.5', '1.0', '+Inf', '1e+06', 'NaN', '0.0', '1e-05', 'x', '')
TYPES = ('counter', 'gauge', 'histogram', 'summary')
OWN_TYPES = {False: ('untyped',), True: ('unknown', 'info', 'stateset', 'gaugehistogram')}
BROKEN_BYTES = (b'"', b'{', b'}', b',', b'=', b'\n', b' ', b'\t', b'\\', b'#', b'\xff', b'\xc3')
BROKEN_BYTES += (b'\r', b'1', b'x', b'\n\n', b'# EOF\n', b'# TYPE a\n', b'# HELP a\n', b'\xc2\xa0')


class RandomPages:
    """since_ms: what samples' own timestamps are near. mild: without ones that are too
    old or too new, and without pages that break off in the middle.
    """

    def __init__(self, seed, openmetrics, since_ms, mild=False):
        self.random = random.Random(seed)
        self.openmetrics = openmetrics
        self.since_ms = since_ms
        self.mild = mild
        self.step = 0
        self.lines = []  # comments end in a newline, samples in nothing
        self.has_timestamps = self.one_in(4)
        self.spellings = {}
        self.timed = set()  # lines with timestamps of their own

    def one_in(self, n):
        return self.random.randrange(n) == 0

    def next(self):
        self.step += 1
        if not self.lines or self.one_in(12):
            self.lines = [self._line() for _ in range(self.random.randrange(1, 14))]
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            self._change()
        if self.one_in(25):
            return self._failure()
        lines = list(self.lines)
        if not self.mild and self.one_in(10):
            lines.insert(self.random.randrange(len(lines) + 1), self._broken_line())
        page = b''.join(self._written(line) for line in lines)
        if self.openmetrics and self.mild:
            page += b'# EOF\n'
        elif self.openmetrics:
            page += self.random.choice(
                [b'# EOF\n'] * 60
                + [b'# EOF', b'', b'# EOF\n\n', b'# EOF\na 1\n', b'#EOF\n', b'# eof\n']
            )
        elif page and self.one_in(6):
            page = page[:-1]
        altered = page
        # With or without a timestamp a sample would be another story.
        if page and not self.mild and not self.timed and self.one_in(10):
            at = self.random.randrange(len(page))
            with_it = self.random.choice(BROKEN_BYTES)
            altered = page[:at] + with_it + page[at + self.random.randrange(2) :]
            if has_timestamps(altered):
                altered = page
        content_type = OPENMETRICS if self.openmetrics else TEXT
        return Answer(altered, content_type, compressed=self.one_in(3), altered=altered != page)

    def _change(self):
        at = self.random.randrange(len(self.lines) + 1)
        what = self.random.randrange(4)
        if what == 0 or at == len(self.lines):
            self.lines.insert(at, self._line())
        elif what == 1:
            del self.lines[at]
        elif what == 2:
            self.lines.append(self.lines.pop(at))
        else:
            self.lines.insert(at, self.lines[at])

    def _failure(self):
        return self.random.choice(
            [
                Answer(b'a 1\n', status=500),
                Answer(b''),
                Answer(b'a 1\nb 2\n', cut=True),
                Answer(b'a 1\n', content_type=''),
                Answer(b'a 1\n', content_type='text/html'),
                Answer(b'not gzip', headers=(('Content-Encoding', 'gzip'),)),
                Answer(silent=True),
            ]
        )

    def _line(self):
        """One series is spelled in one way all the time: see parts/agent_comparison.py."""
        if self.one_in(3):
            return self._comment()
        name = self.random.choice(NAMES)
        labels = [self._label() for _ in range(self.random.choice((0, 0, 1, 1, 2, 3)))]
        labels = list(dict(labels).items())
        key = (name, *sorted(label for label in labels if label[1]))
        if key not in self.spellings:
            self.spellings[key] = self._spelled(name, labels)
            if self.has_timestamps and self.one_in(2):
                self.timed.add(self.spellings[key])
        return self.spellings[key]

    def _spelled(self, name, labels):
        equals = '=' if self.openmetrics else self._blank(0) + '=' + self._blank(0)
        labels = [f'{label}{equals}"{content}"' for label, content in labels]
        if self.one_in(15):
            labels.insert(self.random.randrange(len(labels) + 1), f'"{name}"')
            name = ''
        if not labels and not self.one_in(10):
            return name + self._blank(1)
        if self.openmetrics:
            return name + '{' + ','.join(labels) + '}' + self._blank(1)
        between = [self._blank(0) + ',' + self._blank(0) for _ in labels]
        inside = ''.join(label + comma for label, comma in zip(labels, between))
        if not self.one_in(5):
            inside = inside.rstrip(', \t')
        return name + self._blank(0) + '{' + self._blank(0) + inside + '}' + self._blank(1)

    def _label(self):
        name = self.random.choice(LABELS)
        if self.one_in(20):
            name = '"%s"' % self.random.choice(('a.b', 'é', 'y', r'a\"b'))
        return name, self.random.choice(BOUNDS if name in ('le', 'quantile') else CONTENTS)

    def _blank(self, least):
        if self.openmetrics:
            return ' ' * least if not self.one_in(60) else '  '
        return self.random.choice((' ', '\t', '  ', ' \t')) if self.one_in(8) else ' ' * least

    def _comment(self):
        name = self.random.choice(('a', 'b', 'c_seconds', 's', '"a.b"'))
        kind = self.random.choice(TYPES * 3 + OWN_TYPES[self.openmetrics])
        comments = [f'# TYPE {name} {kind}'] * 4 + [f'# HELP {name} Text \\n "of" \\\\ it.']
        if self.openmetrics:
            comments += [f'# HELP {name} ', '# UNIT c_seconds seconds', '# UNIT a ']
        else:
            comments += ['', '# a comment', '#', '#TYPE a counter', '  ', f'#\tHELP {name}\thelp']
        return self.random.choice(comments) + '\n'

    def _broken_line(self):
        """Or nearly so."""
        name = self.random.choice(NAMES)
        broken = [f'# TYPE {name} {kind}' for kind in ('Counter', 'gauge ', '', 'info', 'untyped')]
        broken += [f'# TYPE {name}', '# TYPE', '# HELP', f'# HELP {name}', f'# TYPE {name}  gauge']
        broken += ['# UNIT a seconds', '# a comment', '', '#', f' # TYPE {name} gauge']
        broken += [f'{name} {number}' for number in BROKEN_VALUES]
        broken += [
            name + end for end in ('{y="1",y="2"} 1', '{x="1"', '{,} 1', '{""="x"} 1', '{x} 1')
        ]
        return self.random.choice(broken) + '\n'

    def _written(self, line):
        if line.endswith('\n'):
            return line.encode()
        value = self.random.choice(VALUES)
        if line in self.timed:
            value += ' ' + self._timestamp()
        if self.openmetrics and self.one_in(8):
            value += ' # {trace_id="%d"} 0.5' % self.step
        end = '\n' if self.openmetrics else self._blank(0) + '\n'
        return (line + value + end).encode()

    def _timestamp(self):
        """Mostly ascending, sometimes of before or far ahead."""
        ahead_ms = self.random.choice((0, 1, 2, 3, 400, 900, -2000, 3_600_000, 400))
        if self.mild:
            ahead_ms = 2 * STEP_MS + self.random.randrange(STEP_MS)
        ms = self.since_ms + self.step * STEP_MS + ahead_ms
        if not self.mild and self.one_in(200):
            return self.random.choice(('1e3', '1.5', '99999999999999999999', '1x', 'NaN'))
        return f'{ms // 1000}.{ms % 1000:03d}' if self.openmetrics else str(ms)
