"""limpet itself, as a user runs it: a configuration file, a storage path, a port.

    limpet = Limpet(work / 'limpet', {'scrape_configs': [...], 'remote_write': [...]})
    limpet.start(); limpet.wait_ready()
    limpet.kill(); limpet.start()          # the same storage, the same port

The program is $LIMPET_BIN, by default build/release/limpet.
"""
import json
import os
import pathlib
import signal
import subprocess

from parts import exposition
from parts.fetch import fetch
from parts.process import TESTS, Process, free_port, wait_until

BINARY = os.environ.get('LIMPET_BIN', str(TESTS.parent / 'build' / 'release' / 'limpet'))


def run_limpet(*args, env=None, timeout_s=20):
    """limpet, run to its end: CompletedProcess with stdout and stderr as text."""
    return subprocess.run(
        [BINARY, *map(str, args)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **(env or {})},
    )


def static_job(targets, interval='1s', **more):
    """A scrape_configs entry of fixed targets."""
    return {
        'job_name': 'static',
        'scrape_interval': interval,
        'scrape_timeout': interval,
        'static_configs': [{'targets': list(targets)}],
        **more,
    }


class Limpet:
    """config: a dict (written as JSON, which is YAML) or the text itself. prefix: a program that
    starts it.
    """

    def __init__(
        self, directory, config, env=None, config_file=None, storage_path=None, flags=(), prefix=()
    ):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config_file = pathlib.Path(config_file or self.directory / 'limpet.yml')
        self.storage_path = pathlib.Path(storage_path or self.directory / 'storage')
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.env = env
        self.flags = list(flags)
        self.prefix = list(prefix)
        self.process = None
        if config is not None:
            self.write_config(config)

    def write_config(self, config):
        """In one step: a reader sees the old file or the new one."""
        text = config if isinstance(config, str) else json.dumps(config, indent=2)
        new = self.config_file.with_name(self.config_file.name + '.new')
        new.write_text(text)
        new.rename(self.config_file)

    def start(self):
        self.process = Process(
            [
                *self.prefix,
                BINARY,
                f'--config.file={self.config_file}',
                f'--storage.path={self.storage_path}',
                f'--web.listen-address=127.0.0.1:{self.port}',
                '--log.level=debug',
                *self.flags,
            ],
            self.directory / 'log',
            env=self.env,
        )
        return self

    def wait_healthy(self, timeout_s=20):
        self.process.wait_http(f'{self.url}/-/healthy', timeout_s)
        return self

    def wait_ready(self, timeout_s=20):
        self.process.wait_http(f'{self.url}/-/ready', timeout_s)
        return self

    def kill(self):
        """As the kernel does it when memory runs out: no warning, nothing flushed."""
        self.process.kill()

    def terminate(self, timeout_s=20):
        """SIGTERM; the exit code."""
        self.process.signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def stop(self):
        if self.process:
            self.process.stop()

    def get(self, path, **options):
        return fetch(self.url + path, **options)

    def metrics(self):
        """Its own metrics, {series: value}."""
        return exposition.parse(self.get('/metrics').text)

    def metric(self, name, **labels):
        return exposition.value(self.metrics(), name, **labels)

    def active_targets(self):
        return self.get('/api/v1/targets').json()['data']['activeTargets']

    def wait_targets_up(self, count, timeout_s=30):
        """Until exactly count targets are active and each has answered a scrape."""
        seen = []

        def all_up():
            seen[:] = self.active_targets()
            return len(seen) == count and all(target['health'] == 'up' for target in seen)

        wait_until(
            all_up,
            timeout_s,
            lambda: f'{count} targets up; there are '
            + ', '.join(
                f'{target["scrapeUrl"]} {target["health"]} {target["lastError"]}'
                for target in seen[:10]
            ),
        )
        return seen

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
