"""The sink that judges limpet's requests (tests/bench/sink.cc) is itself right: it takes what the
specifications allow and names what they do not.

Run: cd tests && python3 -m unittest -v integration.strict_sink_test
"""
import pathlib
import struct
import tempfile
import unittest

from parts.fetch import fetch
from parts.sink import Sink

V2_TYPE = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'


def varint(number):
    out = b''
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, content):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(number, value):
    return varint(number << 3) + varint(value)


def sample(timestamp_ms, value=1.5):
    return varint(1 << 3 | 1) + struct.pack('<d', value) + number(2, timestamp_ms)


def snappy(raw):
    """As one literal."""
    return varint(len(raw)) + bytes([61 << 2]) + struct.pack('<H', len(raw) - 1) + raw


def series_1(*labels, samples=(1000,)):
    pairs = [field(1, field(1, name) + field(2, value)) for name, value in labels]
    return field(1, b''.join(pairs) + b''.join(field(2, sample(at)) for at in samples))


def request_2(*fields, symbols=(b'', b'__name__', b'a_total', b'help', b'job', b'x')):
    """fields: of one series."""
    return b''.join(field(4, symbol) for symbol in symbols) + field(5, b''.join(fields))


def references(*numbers):
    return field(1, b''.join(map(varint, numbers)))


NAME = (b'__name__', b'up')
SAMPLE_2 = field(2, sample(1000))


class StrictSinkTest(unittest.TestCase):
    def setUp(self):
        work = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.sink = self.enterContext(Sink(work, '--strict'))

    def post(self, raw, second=False, **more):
        headers = {
            'Content-Type': V2_TYPE if second else 'application/x-protobuf',
            'Content-Encoding': 'snappy',
            'X-Prometheus-Remote-Write-Version': '2.0.0' if second else '0.1.0',
            'User-Agent': 'test',
            **more,
        }
        return fetch(self.sink.write_url, 'POST', snappy(raw), headers)

    def refused(self, raw, why, second=False):
        with self.subTest(why):
            answer = self.post(raw, second)
            self.assertEqual(answer.status, 400, answer.text)
            self.assertIn(why, answer.text)

    def test_1_0(self):
        self.assertEqual(self.post(series_1(NAME, (b'job', b'x'), samples=(1, 2))).status, 204)
        self.assertEqual(
            self.sink.export(), {(('__name__', 'up'), ('job', 'x')): [(1, 1.5), (2, 1.5)]}
        )
        self.refused(series_1(NAME, (b'job', b'')), 'an empty label')
        self.refused(series_1((b'job', b'x'), NAME), 'behind')
        self.refused(series_1(NAME, NAME), 'twice')
        self.refused(series_1((b'job', b'x')), 'without a name')
        self.refused(series_1(NAME, samples=()), 'neither samples nor histograms')
        self.refused(series_1(NAME, samples=(2, 1)), 'do not ascend')
        self.refused(series_1(NAME)[:-1], 'cut off')
        self.refused(request_2(references(1, 2), SAMPLE_2), 'has no field')

    def test_2_0(self):
        metadata = field(5, number(1, 1) + number(3, 3))
        exemplar = field(4, references(4, 5) + varint(2 << 3 | 1) + bytes(8) + number(3, 7))
        answer = self.post(request_2(references(1, 2, 4, 5), SAMPLE_2, exemplar, metadata), True)
        self.assertEqual(answer.status, 204, answer.text)
        for what, count in (('Samples', '1'), ('Histograms', '0'), ('Exemplars', '1')):
            self.assertEqual(answer.headers[f'X-Prometheus-Remote-Write-{what}-Written'], count)
        self.assertEqual(self.sink.metadata(), {'a_total': ('counter', 'help', '')})
        self.refused(request_2(references(1, 6), SAMPLE_2), 'symbol 6 of 6', True)
        self.refused(request_2(references(1), SAMPLE_2), 'not in pairs', True)
        self.refused(request_2(references(1, 0), SAMPLE_2), 'an empty label', True)
        self.refused(request_2(references(1, 2)), 'neither samples nor histograms', True)
        self.refused(
            request_2(references(1, 2), SAMPLE_2, field(3, number(15, 8))), 'samples and histograms', True
        )
        self.refused(
            request_2(references(1, 2), SAMPLE_2, field(5, number(1, 8))), 'metric type 8', True
        )
        self.refused(
            request_2(references(1, 2), SAMPLE_2, field(4, b'')), 'no timestamp', True
        )
        self.refused(
            request_2(references(0, 1), SAMPLE_2, symbols=(b'__name__', b'up')), 'first symbol', True
        )
        self.refused(series_1(NAME), 'has no field', True)

    def test_heads(self):
        raw = series_1(NAME)
        wrong = {'X-Prometheus-Remote-Write-Version': '2.0.0'}
        self.assertEqual(self.post(raw, **wrong).status, 400)
        self.assertEqual(self.post(raw, **{'Content-Type': 'text/plain'}).status, 415)
        self.assertEqual(self.post(raw, **{'Content-Encoding': 'gzip'}).status, 400)


if __name__ == '__main__':
    unittest.main()
