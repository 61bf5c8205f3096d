"""The project's own receiver (tests/bench/sink.cc): strict about both protocols, or just fast.

with Sink(work / 'sink', '--strict') as sink:
    ... remote-write to sink.write_url ...
    sink.export()           # {series: [(timestamp_ms, value), ...]}, as they came
    sink.stats()            # counts by path, by protocol, offences

The program is $LIMPET_SINK, by default bin/remote_write_sink beside limpet.
"""
import json
import os
import pathlib

from parts.exposition import series
from parts.fetch import fetch
from parts.limpet import BINARY
from parts.process import Process, free_port

SINK = os.environ.get(
    'LIMPET_SINK', str(pathlib.Path(BINARY).parent / 'bin' / 'remote_write_sink')
)


class Sink:
    """start() again after stop() keeps the port alone: what it counted and kept is gone."""

    def __init__(self, directory, *flags, path='/api/v1/write'):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.flags = flags
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.path = path
        self.write_url = self.url + path
        self.process = None

    def start(self):
        self.process = Process(
            [SINK, f'127.0.0.1:{self.port}', *self.flags], self.directory / 'log'
        )
        self.process.wait_http(f'{self.url}/stats')
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def stats(self):
        return fetch(f'{self.url}/stats', timeout_s=60).json()

    def counts(self):
        """Of its path; None before the first request."""
        return self.stats()['paths'].get(self.path)

    def rows(self):
        """A dict a series: metric, type, help, unit, values, timestamps, arrivals (ms)."""
        lines = fetch(f'{self.url}/export', timeout_s=60).text.splitlines()
        return [json.loads(line) for line in lines]

    def export(self):
        """As VictoriaMetrics.export(): a staleness marker is a NaN."""
        return {
            series(row['metric']): [
                (timestamp, float('nan') if value is None else float(value))
                for timestamp, value in zip(row['timestamps'], row['values'])
            ]
            for row in self.rows()
        }

    def raw(self):
        """As export(), the values as the sink writes them: None is a staleness marker, "NaN" an
        ordinary one, "Infinity" and "-Infinity" what they say.
        """
        return {
            series(row['metric']): list(zip(row['timestamps'], row['values']))
            for row in self.rows()
        }

    def metadata(self):
        """{metric's name: (type, help, unit)} of those that came with any."""
        found = {
            row['metric']['__name__']: (row['type'], row['help'], row['unit'])
            for row in self.rows()
        }
        return {name: metadata for name, metadata in found.items() if any(metadata)}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
