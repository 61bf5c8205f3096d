#!/usr/bin/env python3
"""A long outage of the receiver, and its end: what it costs limpet and its peers in the same run.

    tests/bench/outage.py --targets 100 --interval 1 --seconds 600 \\
        --agents limpet-1,limpet-2,vmagent,prometheus,vmagent-sid,prometheus-sid

Every agent scrapes the same recorded, moving node_exporter pages and has a receiver of its own
(tests/bench/sink.cc). All receivers go away for --seconds, in which a short interval makes many
rounds of scrapes. Then one agent after the other gets its receiver back, the others standing still
meanwhile, and drains what it kept. What was scraped is counted in nginx's log, what arrived at the
receiver. Prints for each agent:

    disk         bytes that its data grew by in the outage, for each sample scraped in it
    RSS          before the outage, the most in it, and the most while draining
    first        seconds from the receiver's return to the first request
    drain        samples a second from the first request until it had caught up, and that for each
                 second of its CPU in the meantime
    wire         bytes of a sample, compressed: live, and of the backlog
    delivered    of what was scraped from the beginning on; a batch may be on its way

Exits 1 where limpet lacks more than a second of live samples. Needs a build of the remote_write_sink target.
"""
import argparse
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.drain import Drain  # noqa: E402
from bench.moving_targets import MovingTargets, recorded_pages, samples_of  # noqa: E402
from bench.peers import available, report_series, start  # noqa: E402
from parts.nginx_targets import loopback_addresses  # noqa: E402
from parts.sink import Sink  # noqa: E402

COLUMNS = [
    ('disk_bytes', 'disk B/sample', '{:.2f}'),
    ('rss_before', 'RSS before (MiB)', '{:.1f}'),
    ('rss_outage', 'in the outage', '{:.1f}'),
    ('rss_drain', 'draining', '{:.1f}'),
    ('first_s', 'first request (s)', '{:.1f}'),
    ('drain_rate', 'drain (samples/s)', '{:,.0f}'),
    ('drain_rate_cpu', 'a CPU-second', '{:,.0f}'),
    ('wire_live', 'wire B/sample live', '{:.2f}'),
    ('wire_backlog', 'backlog', '{:.2f}'),
    ('delivered', 'delivered (%)', '{:.2f}'),
]
RATIOS = ['disk_bytes', 'rss_outage', 'rss_drain', 'drain_rate', 'drain_rate_cpu', 'wire_live']


class Run:
    """One agent with its receiver."""

    def __init__(self, agent, work, targets, options, page_samples):
        self.agent = agent
        self.targets = targets
        self.samples_per_scrape = page_samples + report_series(agent)
        self.sink = Sink(work / f'{agent}-sink', path=f'/{agent}/write').start()
        self.peer = start(agent, work, targets, options.interval, self.sink.write_url)
        self.interval_s = options.interval
        self.row = {'rss_outage': 0.0}
        self.delivered_before = 0

    def scraped(self, since_s, until_s=float('inf')):
        """Samples, by nginx's log."""
        return self.targets.scrapes(self.agent, since_s, until_s) * self.samples_per_scrape

    def end_live(self):
        counts = settled(self.sink)
        if counts is None or not counts['samples']:
            raise RuntimeError(f'{self.agent} delivered nothing\n{self.peer.process.log_tail()}')
        self.delivered_before = counts['samples']
        self.row['wire_live'] = counts['body_bytes'] / counts['samples']
        self.row['rss_before'] = self.peer.resident_mib()
        self.disk_before = self.peer.disk_bytes()
        self.down_s = time.time()
        self.sink.stop()

    def look(self):
        self.row['rss_outage'] = max(self.row['rss_outage'], self.peer.resident_mib())

    def end_outage(self):
        scraped = self.scraped(self.down_s)
        self.row['disk_bytes'] = (self.peer.disk_bytes() - self.disk_before) / max(scraped, 1)
        self.peer.process.signal(signal.SIGSTOP)

    def drain(self, timeout_s):
        self.peer.process.signal(signal.SIGCONT)
        drain = Drain(self, timeout_s)
        drain.run()
        self.row.update(drain.result())
        self.peer.process.signal(signal.SIGSTOP)

    def stop(self):
        self.peer.process.kill()
        self.sink.stop()


def settled(sink):
    """Its counts, once nothing waits to be decoded."""
    while sink.stats()['waiting']:
        time.sleep(0.2)
    return sink.counts()


def measure(options, work):
    pages = recorded_pages()
    page_samples = samples_of(pages[0])
    runs = []
    addresses = loopback_addresses(options.targets)
    with MovingTargets(work / 'nginx', addresses, pages) as targets:
        try:
            for agent in available(options.agents.split(',')):
                runs.append(Run(agent, work, targets, options, page_samples))
            time.sleep(options.warm_up)
            for run in runs:
                run.end_live()
            until_s = time.time() + options.seconds
            while time.time() < until_s:
                time.sleep(1)
                for run in runs:
                    run.look()
            for run in runs:
                run.end_outage()
            for run in runs:
                print(f'{run.agent} drains', flush=True)
                run.drain(options.drain_seconds)
        finally:
            for run in runs:
                run.stop()
    return {run.agent: run.row for run in runs}


def report(rows, options):
    print(
        f'\n{options.targets} targets every {options.interval} s, the receiver away for '
        f'{options.seconds} s\n'
    )
    print('| agent | ' + ' | '.join(title for _, title, _ in COLUMNS) + ' |')
    print('|---' * (len(COLUMNS) + 1) + '|')
    for agent, row in rows.items():
        cells = [form.format(row[key]) if row.get(key) is not None else '-'
                 for key, _, form in COLUMNS]
        print(f'| {agent} | ' + ' | '.join(cells) + ' |')
    ours = next((row for agent, row in rows.items() if agent.startswith('limpet')), None)
    if not ours or len(rows) < 2:
        return
    titles = {key: title for key, title, _ in COLUMNS}
    print('\nas multiples of the first limpet:\n')
    print('| agent | ' + ' | '.join(titles[key] for key in RATIOS) + ' |')
    print('|---' * (len(RATIOS) + 1) + '|')
    for agent, row in rows.items():
        cells = [f'{row[key] / ours[key]:.2f}' if row.get(key) and ours.get(key) else '-'
                 for key in RATIOS]
        print(f'| {agent} | ' + ' | '.join(cells) + ' |')


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--targets', type=int, default=100)
    parser.add_argument('--interval', type=int, default=1, help='seconds')
    parser.add_argument('--seconds', type=int, default=300, help='how long the receivers are away')
    parser.add_argument('--warm-up', type=int, default=20, help='seconds before that')
    parser.add_argument('--drain-seconds', type=int, default=180, help='at most, an agent')
    parser.add_argument('--agents', default='limpet,vmagent,prometheus')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        rows = measure(options, pathlib.Path(work))
    report(rows, options)
    lost = [agent for agent, row in rows.items()
            if agent.startswith('limpet') and not row['complete']]
    if lost:
        sys.exit(f'{", ".join(lost)}: not all that was scraped has arrived')


if __name__ == '__main__':
    main()
