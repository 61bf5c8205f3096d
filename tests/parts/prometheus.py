"""Prometheus: a peer that scrapes the same page, a remote-write receiver, and promtool."""
import json
import pathlib
import subprocess
import urllib.parse

from parts.exposition import series
from parts.fetch import fetch
from parts.process import Process, binary, free_port


def promtool(*args, stdin=None):
    """CompletedProcess of promtool, with what it said as text."""
    return subprocess.run(
        [binary('promtool'), *map(str, args)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Prometheus:
    """config: a dict. As a receiver it takes writes at write_url. part: prometheus, or
    prometheus-sid, which takes Remote-Write 2.0. start() again after stop() keeps port and data.
    """

    def __init__(self, directory, config=None, part='prometheus', flags=()):
        self.program = binary(part)
        self.flags = list(flags)
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config_file = self.directory / 'prometheus.yml'
        self.config_file.write_text(json.dumps(config or {}))
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.write_url = f'{self.url}/api/v1/write'
        self.process = None

    def start(self):
        self.process = Process(
            [
                self.program,
                f'--config.file={self.config_file}',
                f'--storage.tsdb.path={self.directory / "data"}',
                f'--web.listen-address=127.0.0.1:{self.port}',
                '--web.enable-remote-write-receiver',
                *self.flags,
            ],
            self.directory / 'log',
        )
        self.process.wait_http(f'{self.url}/-/ready')
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def samples(self, selector='{__name__!=""}', window='1h'):
        """Raw samples of the last window: {series: [(timestamp_ms, value), ...]}; staleness markers
        are left out.
        """
        query = urllib.parse.urlencode({'query': f'{selector}[{window}]'})
        answer = fetch(f'{self.url}/api/v1/query?{query}', timeout_s=60).json()
        if answer['status'] != 'success':
            raise RuntimeError(f'query: {answer}')
        return {
            series(row['metric']): [
                (round(time_s * 1000), float(value)) for time_s, value in row['values']
            ]
            for row in answer['data']['result']
        }

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
