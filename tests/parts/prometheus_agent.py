"""Prometheus in agent mode: a peer that scrapes and remote-writes as limpet does.

part: prometheus (2), or prometheus-sid (3), which not every machine can have.
"""
import json
import pathlib
import signal

from parts.process import Process, binary, free_port


class PrometheusAgent:
    def __init__(self, directory, config, part='prometheus-sid', flags=()):
        self.program = binary(part)
        self.mode = ['--agent'] if part.endswith('-sid') else ['--enable-feature=agent']
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config_file = self.directory / 'prometheus.yml'
        self.config_file.write_text(json.dumps(config))
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.flags = list(flags)
        self.process = None

    def __enter__(self):
        self.process = Process(
            [
                self.program,
                *self.mode,
                f'--config.file={self.config_file}',
                f'--storage.agent.path={self.directory / "data"}',
                f'--web.listen-address=127.0.0.1:{self.port}',
                *self.flags,
            ],
            self.directory / 'log',
        )
        self.process.wait_http(f'{self.url}/-/ready')
        return self

    def reload(self, config):
        self.config_file.write_text(json.dumps(config))
        self.process.signal(signal.SIGHUP)

    def __exit__(self, *_):
        self.process.stop()
