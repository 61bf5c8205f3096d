#!/usr/bin/env python3
"""limpet for a long time: many targets, with pods that come and go and series that change.

    tests/bench/soak.py --targets 1000 --interval 5 --seconds 3600

Every minute a twentieth of the targets is replaced (file_sd_configs), and every 20 s all pages get
ten series that were never there before, in place of ten others. Prints a line a minute: resident
memory, CPU a scrape, series, layouts, the log on disk, ticks that were missed. Exits 1 where a tick
was missed, or where memory in the last quarter is more than a tenth above that of the second one.
"""
import argparse
import gzip
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.moving_targets import MovingTargets, recorded_pages  # noqa: E402
from parts.exposition import parse, value  # noqa: E402
from parts.fetch import fetch  # noqa: E402
from parts.limpet import BINARY  # noqa: E402
from parts.nginx_targets import loopback_addresses  # noqa: E402
from parts.process import Process, free_port  # noqa: E402

SPARE = 20  # one target in so many is not scraped at any time
NEW_SERIES = 10


def write_beside(path, data):
    """Replaces a file at once."""
    beside = path.with_suffix('.new')
    beside.write_bytes(data)
    os.replace(beside, path)


class Churn:
    def __init__(self, targets, pages, work):
        self.targets, self.pages, self.work = targets, pages, work
        self.rounds = self.absent = 0

    def change_series(self):
        self.rounds += 1
        for second, page in enumerate(self.pages):
            lines = ''.join(
                f'soak_requests_total{{request="{self.rounds}-{i}"}} {second}\n'
                for i in range(NEW_SERIES)
            )
            data = gzip.compress(page + lines.encode(), 1)
            write_beside(self.targets.directory / 'pages' / f'{second:02}.gz', data)

    def change_pods(self):
        self.absent = (self.absent + 1) % SPARE
        present = [
            f'{address}:{self.targets.port}'
            for i, address in enumerate(self.targets.addresses)
            if i % SPARE != self.absent
        ]
        write_beside(self.work / 'targets.json', json.dumps([{'targets': present}]).encode())


class Soaked:
    """limpet, and what it says of itself."""

    def __init__(self, work, targets, interval_s):
        self.listen = f'127.0.0.1:{free_port()}'
        config = work / 'config.yml'
        config.write_text(f"""
global: {{scrape_interval: {interval_s}s, scrape_timeout: {min(interval_s, 10)}s}}
scrape_configs:
  - job_name: soak
    params: {{agent: [limpet]}}
    file_sd_configs: [{{files: [targets.json]}}]
remote_write: [{{url: "{targets.sink_url('limpet')}"}}]
""")
        arguments = [f'--config.file={config}', f'--storage.path={work / "data"}']
        self.process = Process(
            [BINARY, *arguments, f'--web.listen-address={self.listen}'], work / 'log', cwd=work
        )
        self.process.wait_http(f'http://{self.listen}/metrics', 60)

    def numbers(self):
        metrics = parse(fetch(f'http://{self.listen}/metrics').text)
        names = {
            'cpu_s': 'process_cpu_seconds_total',
            'resident': 'process_resident_memory_bytes',
            'scrapes': 'limpet_scrapes_total',
            'failed': 'limpet_scrapes_failed_total',
            'missed': 'limpet_scrape_ticks_skipped_total',
            'series': 'limpet_scrape_series',
            'layouts': 'limpet_scrape_layouts',
            'log_bytes': 'limpet_log_size_bytes',
        }
        return {key: value(metrics, name) for key, name in names.items()}


def report(minute, before, now):
    scrapes = max(now['scrapes'] - before['scrapes'], 1)
    print(
        f'{minute:4} min  {now["resident"] / 2**20:6.1f} MiB  '
        f'{(now["cpu_s"] - before["cpu_s"]) / scrapes * 1e6:5.0f} us a scrape  '
        f'{now["series"]:8.0f} series  {now["layouts"]:4.0f} layouts  '
        f'log {now["log_bytes"] / 2**20:6.1f} MiB  {now["missed"]:.0f} missed  '
        f'{now["failed"]:.0f} failed',
        flush=True,
    )


def soak(options, work):
    pages = recorded_pages()
    count = options.targets * SPARE // (SPARE - 1)
    with MovingTargets(work / 'nginx', loopback_addresses(count), pages) as targets:
        churn = Churn(targets, pages, work)
        churn.change_series()
        churn.change_pods()
        limpet = Soaked(work, targets, options.interval)
        resident, before, began = [], limpet.numbers(), time.monotonic()
        try:
            step = 0
            while time.monotonic() - began < options.seconds:
                time.sleep(max(0.0, began + 20 * (step + 1) - time.monotonic()))
                step += 1
                churn.change_series()
                if step % 3 == 0:
                    churn.change_pods()
                    now = limpet.numbers()
                    report(step // 3, before, now)
                    before = now
                    resident.append(now['resident'])
        finally:
            limpet.process.stop()
    quarter = max(len(resident) // 4, 1)
    early = statistics.median(resident[quarter : 2 * quarter] or resident)
    late = statistics.median(resident[-quarter:])
    print(f'second quarter {early / 2**20:.1f} MiB, last quarter {late / 2**20:.1f} MiB')
    return before['missed'] > 0 or late > 1.1 * early


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--targets', type=int, default=1000)
    parser.add_argument('--interval', type=int, default=5, help='seconds')
    parser.add_argument('--seconds', type=int, default=3600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        sys.exit(1 if soak(options, pathlib.Path(work)) else 0)


if __name__ == '__main__':
    main()
