"""A target that answers in Prometheus' protobuf format, its pages written by hand.

    page = family('up_total', COUNTER, metric(counter(3, exemplar({'trace': 'a'}, 1, 1700000000)), a='b'))
    with ProtobufTarget(page) as target: target.address, target.accepted

One function for each message of metrics.proto (prometheus/client_model); they give its bytes.
"""
import http.server
import struct
import threading

COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM, GAUGE_HISTOGRAM = range(6)
CONTENT_TYPE = (
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
)


def varint(value):
    out = b''
    value &= (1 << 64) - 1
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def zigzag(value):
    return varint(value << 1 ^ value >> 63)


def number(field, value):
    return varint(field << 3) + varint(value)


def double(field, value):
    return varint(field << 3 | 1) + struct.pack('<d', value)


def message(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def labels(field, pairs):
    return b''.join(
        message(field, message(1, name.encode()) + message(2, value.encode()))
        for name, value in pairs.items()
    )


def exemplar(pairs, value, time_s=None):
    content = labels(1, pairs) + double(2, value)
    if time_s is not None:
        nanos = round(time_s % 1 * 1000) * 1_000_000
        content += message(3, number(1, int(time_s)) + number(2, nanos))
    return content


def counter(value, its_exemplar=None):
    content = double(1, value)
    return message(3, content + (message(2, its_exemplar) if its_exemplar else b''))


def gauge(value):
    return message(2, double(1, value))


def untyped(value):
    return message(5, double(1, value))


def summary(count, total, quantiles):
    return message(
        4,
        number(1, count)
        + double(2, total)
        + b''.join(message(3, double(1, q) + double(2, value)) for q, value in quantiles.items()),
    )


def bucket(bound, count, its_exemplar=None):
    content = number(1, count) + double(2, bound)
    return message(3, content + (message(3, its_exemplar) if its_exemplar else b''))


def _side(field, spans, counts, floats):
    content = b''
    for offset, length in spans:
        content += message(field, varint(1 << 3) + zigzag(offset) + number(2, length))
    if floats:
        content += message(field + 2, struct.pack(f'<{len(counts)}d', *counts))
    elif counts:
        deltas = [now - before for before, now in zip([0, *counts], counts)]
        content += message(field + 1, b''.join(map(zigzag, deltas)))
    return content


def histogram(
    count, total, *parts, schema=0, zero=None, negative=None, positive=None, floats=False
):
    """parts: buckets, exemplars. zero: (threshold, count). A side: ([(offset, length)], [count])."""
    content = double(4, count) if floats else number(1, count)
    content += double(2, total) + b''.join(parts)
    if zero or negative or positive:
        content += varint(5 << 3) + zigzag(schema)
    if zero:
        content += double(6, zero[0]) + (double(8, zero[1]) if floats else number(7, zero[1]))
    content += _side(9, *negative, floats) if negative else b''
    content += _side(12, *positive, floats) if positive else b''
    return message(7, content)


def native_exemplar(*args):
    return message(16, exemplar(*args))


def metric(value, timestamp_ms=None, **pairs):
    content = labels(1, pairs) + value
    return message(4, content + (number(6, timestamp_ms) if timestamp_ms else b''))


def family(name, kind, *metrics, help_text='', unit=''):
    content = message(1, name.encode()) + message(2, help_text.encode()) + number(3, kind)
    content += b''.join(metrics) + (message(5, unit.encode()) if unit else b'')
    return varint(len(content)) + content


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.server.accepted.append(self.headers.get('Accept', ''))
        self.send_response(200)
        self.send_header('Content-Type', CONTENT_TYPE)
        self.send_header('Content-Length', str(len(self.server.page)))
        self.end_headers()
        self.wfile.write(self.server.page)

    def log_message(self, *_):
        pass


class ProtobufTarget:
    def __init__(self, page):
        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self._server.daemon_threads = True
        self._server.page = page
        self._server.accepted = []
        self.address = f'127.0.0.1:{self._server.server_port}'
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def accepted(self):
        """The Accept header of each request."""
        return list(self._server.accepted)

    def show(self, page):
        self._server.page = page

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
