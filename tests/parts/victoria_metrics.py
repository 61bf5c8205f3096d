"""VictoriaMetrics, a receiver: everything that arrived comes back sample for sample.

with VictoriaMetrics(work / 'vm') as receiver:
    ... remote-write to receiver.write_url ...
    receiver.export()  # {series: [(timestamp_ms, value), ...]}, in order of time
"""
import json
import pathlib
import re
import time
import urllib.parse

from parts.exposition import series
from parts.fetch import fetch
from parts.process import Process, binary, free_port

_INFINITY = re.compile(r'(?<=[\[,])([+-])Inf(?=[\],])')


class VictoriaMetrics:
    """start() again after stop() keeps port and data: that is an outage. part: victoria-metrics, or
    victoria-metrics-sid.
    """

    def __init__(self, directory, port=None, part='victoria-metrics'):
        self.program = binary(part)
        self.directory = pathlib.Path(directory)
        self.port = port or free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.write_url = f'{self.url}/api/v1/write'
        self.process = None
        self.directory.mkdir(parents=True, exist_ok=True)

    def start(self):
        self.process = Process(
            [
                self.program,
                f'-storageDataPath={self.directory / "data"}',
                f'-httpListenAddr=127.0.0.1:{self.port}',
                '-retentionPeriod=1d',
                '-search.latencyOffset=0s',
                '-memory.allowedBytes=256MB',
                '-search.maxExportDuration=1m',
            ],
            self.directory / 'log',
        )
        self.process.wait_http(f'{self.url}/health')
        return self

    def stop(self):
        """A clean end: what it had acknowledged is on its disk."""
        if self.process:
            self.process.stop(timeout_s=30)

    def export(self, match='{__name__!=""}'):
        """All raw samples; a staleness marker is a NaN."""
        self._get('/internal/force_flush', {})
        # its default end is a little before now
        answer = self._get(
            '/api/v1/export', {'match[]': match, 'start': 0, 'end': int(time.time()) + 3600}
        )
        samples = {}
        for line in answer.text.splitlines():
            # bare +Inf and -Inf are its own idea of JSON
            row = json.loads(_INFINITY.sub(r'"\1Inf"', line))
            values = [float('nan') if value is None else float(value) for value in row['values']]
            samples.setdefault(series(row['metric']), []).extend(zip(row['timestamps'], values))
        return {key: sorted(rows, key=lambda row: row[0]) for key, rows in samples.items()}

    def query(self, expression):
        """An instant query's answer: {series: value}."""
        result = self._get('/api/v1/query', {'query': expression}).json()['data']['result']
        return {series(row['metric']): float(row['value'][1]) for row in result}

    def _get(self, path, parameters):
        try:
            answer = fetch(
                f'{self.url}{path}?{urllib.parse.urlencode(parameters)}', timeout_s=120
            )
        except OSError as error:
            raise RuntimeError(f'{path}: {error}\n{self.process.log_tail()}') from error
        if answer.status >= 300:
            raise RuntimeError(f'{path}: {answer.status} {answer.text[:300]}')
        return answer

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
