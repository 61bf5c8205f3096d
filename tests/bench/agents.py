#!/usr/bin/env python3
"""limpet beside Debian's vmagent and Prometheus agent: the same targets, the same receiver, the same
run.

    tests/bench/agents.py --targets 1000 --interval 15 --seconds 300 \\
        --agents limpet,vmagent,prometheus,vmagent-sid,prometheus-sid

One nginx answers for all targets with recorded pages of a real node_exporter and takes what is
written (204, counting bytes). All agents run at once on the same machine; what counts are the
ratios between them. Prints, for each agent over the measured window: CPU per scrape, resident
memory, bytes on the wire a sample; for limpet also the ticks that it missed. Exits 1 where an agent
delivered nothing or limpet missed a tick.
"""
import argparse
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from bench.moving_targets import MovingTargets, recorded_pages, samples_of  # noqa: E402
from bench.peers import available, report_series, start  # noqa: E402
from parts.exposition import parse, value  # noqa: E402
from parts.nginx_targets import loopback_addresses  # noqa: E402


def missed_ticks(peer):
    return value(parse(peer.metrics()), 'limpet_scrape_ticks_skipped_total')


def measure(options, work):
    pages = recorded_pages()
    addresses = loopback_addresses(options.targets)
    agents = available(options.agents.split(','))
    rows, running, failed = {}, {}, False
    with MovingTargets(work / 'nginx', addresses, pages) as targets:
        try:
            for agent in agents:
                url = targets.sink_url(agent)
                running[agent] = start(agent, work, targets, options.interval, url)
            time.sleep(options.warm_up)
            began = time.time()
            cpu = {agent: peer.cpu_s() for agent, peer in running.items()}
            peak = dict.fromkeys(agents, 0.0)
            while time.time() - began < options.seconds:
                time.sleep(1)
                for agent, peer in running.items():
                    peak[agent] = max(peak[agent], peer.resident_mib())
            for agent, peer in running.items():
                used = peer.cpu_s() - cpu[agent]
                scrapes = targets.scrapes(agent, began)
                written = targets.written_bytes(agent, began)
                failed |= scrapes == 0 or written == 0
                rows[agent] = (used, scrapes, peer.resident_mib(), peak[agent], written)
                if agent == 'limpet':
                    missed = missed_ticks(peer)
                    print(f'limpet: {scrapes} scrapes, {missed:.0f} ticks missed')
                    failed |= missed > 0
        finally:
            for peer in running.values():
                peer.stop()
    page_samples = samples_of(pages[0])
    print(
        f'{options.targets} targets every {options.interval} s, '
        f'{page_samples + report_series("limpet")} samples a scrape, {options.seconds} s\n'
    )
    print(
        '| agent | scrapes | CPU a scrape (us) | CPU (% of a core) | RSS (MiB) | peak RSS (MiB) '
        '| wire bytes a sample |'
    )
    print('|---|---|---|---|---|---|---|')
    for agent, (used, scrapes, resident, top, written) in rows.items():
        count = max(scrapes, 1)
        samples = count * (page_samples + report_series(agent))
        print(
            f'| {agent} | {scrapes} | {used / count * 1e6:.0f} '
            f'| {used / options.seconds * 100:.1f} | {resident:.1f} '
            f'| {top:.1f} | {written / samples:.2f} |'
        )
    return failed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--targets', type=int, default=1000)
    parser.add_argument('--interval', type=int, default=15, help='seconds')
    parser.add_argument('--seconds', type=int, default=180, help='the measured window')
    parser.add_argument('--warm-up', type=int, default=30, help='seconds before it')
    parser.add_argument(
        '--agents', default='limpet,vmagent,prometheus', help='also others of bench/peers.py'
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        sys.exit(1 if measure(options, pathlib.Path(work)) else 0)


if __name__ == '__main__':
    main()
