#!/usr/bin/env python3
"""limpet beside Debian's vmagent and Prometheus agent: the same targets, the same receiver, the same run.

    tests/bench/agents.py --targets 1000 --interval 15 --seconds 300 --agents limpet,vmagent,prometheus

One nginx answers for all targets with recorded pages of a real node_exporter, another takes what is written
(204, counting bytes). All agents run at once on the same machine; what counts are the ratios between them.
Prints, for each agent over the measured window: CPU per scrape, resident memory, bytes on the wire a sample;
for limpet also the ticks that it missed. Exits 1 where an agent delivered nothing or limpet missed a tick.
"""
import argparse
import gzip
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from parts.exposition import parse, value  # noqa: E402
from parts.fetch import fetch  # noqa: E402
from parts.nginx import Nginx  # noqa: E402
from parts.nginx_targets import PAGES, loopback_addresses  # noqa: E402
from parts.node_exporter import NodeExporter  # noqa: E402
from parts.process import Process, binary, free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get('LIMPET_CACHE', pathlib.Path.home() / '.cache/limpet'))
REPORT_SERIES = 5

_HTTP = """
  map $msec $page {{ default 00; "~(?<second>[0-9][0-9])[.]" $second; }}
  log_format scrape '$msec $http_user_agent';
  log_format write '$msec $uri $status $content_length';
  default_type "text/plain; version=0.0.4";
  types {{ }}
  client_max_body_size 64m;
  server {{
{listen}
    access_log {dir}/scrapes.log scrape;
    location = /metrics {{ gzip_static always; alias {dir}/pages/$page; }}
  }}
  server {{
    listen 127.0.0.1:{sink};
    access_log {dir}/writes.log write;
    location / {{ return 204; }}
  }}
"""


def recorded_pages():
    """100 pages of a node_exporter, a second apart; recorded once and kept."""
    folder = CACHE / 'bench-pages'
    if len(list(folder.glob('[0-9][0-9]'))) < PAGES:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as work, NodeExporter(work) as exporter:
            for second in range(PAGES):
                page = fetch(f'http://{exporter.address}/metrics').body
                (folder / f'{second:02}').write_bytes(page)
                time.sleep(1)
    return [(folder / f'{second:02}').read_bytes() for second in range(PAGES)]


class Bench(Nginx):
    """Targets and sink in one nginx."""

    def __init__(self, directory, addresses, pages):
        directory = pathlib.Path(directory).resolve()
        self.port, self.sink = free_port(addresses[0]), free_port()
        (directory / 'pages').mkdir(parents=True)
        for second, page in enumerate(pages):
            (directory / 'pages' / f'{second:02}.gz').write_bytes(gzip.compress(page, 6))
        listen = '\n'.join(f'    listen {address}:{self.port};' for address in addresses)
        super().__init__(directory, _HTTP.format(dir=directory, listen=listen, sink=self.sink))

    def written_bytes(self, agent, since_s):
        """Bytes of the bodies that the sink took from the agent."""
        total = 0
        for line in (self.directory / 'writes.log').read_text().splitlines():
            at, uri, status, size = line.split()
            if float(at) >= since_s and uri == f'/{agent}/write' and status == '204':
                total += int(size)
        return total

    def scrapes(self, user_agent, since_s):
        lines = (line.split(' ', 1) for line in (self.directory / 'scrapes.log').read_text().splitlines())
        return sum(1 for at, agent in lines if float(at) >= since_s and agent.lower().startswith(user_agent))


def configuration(addresses, port, interval, remote_write):
    targets = ', '.join(f'"{address}:{port}"' for address in addresses)
    return f"""
global: {{scrape_interval: {interval}s, scrape_timeout: {min(interval, 10)}s}}
scrape_configs:
  - job_name: bench
    static_configs: [{{targets: [{targets}]}}]
{remote_write}"""


def start(agent, work, bench, addresses, interval):
    folder = work / agent
    folder.mkdir()
    url = f'http://127.0.0.1:{bench.sink}/{agent}/write'
    remote_write = '' if agent == 'vmagent' else f'remote_write: [{{url: "{url}"}}]\n'
    config = folder / 'config.yml'
    config.write_text(configuration(addresses, bench.port, interval, remote_write))
    listen = f'127.0.0.1:{free_port()}'
    args = {
        'limpet': lambda: [ROOT / 'build/release/limpet', f'--config.file={config}',
                           f'--storage.path={folder}/data', f'--web.listen-address={listen}'],
        'vmagent': lambda: [binary('vmagent'), f'-promscrape.config={config}', f'-remoteWrite.url={url}',
                            f'-remoteWrite.tmpDataPath={folder}/data', f'-httpListenAddr={listen}'],
        'prometheus': lambda: [binary('prometheus'), f'--config.file={config}', '--enable-feature=agent',
                               f'--storage.agent.path={folder}/data', f'--web.listen-address={listen}'],
    }[agent]()
    process = Process(args, folder / 'log', cwd=folder)
    process.wait_http(f'http://{listen}/metrics', 60)
    return process, listen


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def resident_mib(pid):
    for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1]) / 1024
    return 0.0


def missed_ticks(listen):
    return value(parse(fetch(f'http://{listen}/metrics').text), 'limpet_scrape_ticks_skipped_total')


def measure(options, work):
    pages = recorded_pages()
    samples = sum(1 for line in pages[0].splitlines() if line and not line.startswith(b'#')) + REPORT_SERIES
    addresses = loopback_addresses(options.targets)
    agents = options.agents.split(',')
    rows, failed = {}, False
    with Bench(work / 'nginx', addresses, pages) as bench:
        running = {agent: start(agent, work, bench, addresses, options.interval) for agent in agents}
        try:
            time.sleep(options.warm_up)
            began = time.time()
            cpu = {agent: cpu_seconds(process.pid) for agent, (process, _) in running.items()}
            peak = dict.fromkeys(agents, 0.0)
            while time.time() - began < options.seconds:
                time.sleep(1)
                for agent, (process, _) in running.items():
                    peak[agent] = max(peak[agent], resident_mib(process.pid))
            for agent, (process, listen) in running.items():
                used = cpu_seconds(process.pid) - cpu[agent]
                scrapes = bench.scrapes({'vmagent': 'vm_promscrape'}.get(agent, agent), began)
                written = bench.written_bytes(agent, began)
                failed |= scrapes == 0 or written == 0
                rows[agent] = (used, scrapes, resident_mib(process.pid), peak[agent], written)
                if agent == 'limpet':
                    missed = missed_ticks(listen)
                    print(f'limpet: {scrapes} scrapes in {options.seconds} s, {missed:.0f} ticks missed')
                    failed |= missed > 0
        finally:
            for process, _ in running.values():
                process.stop()
    print(f'{options.targets} targets every {options.interval} s, {samples} samples a scrape, {options.seconds} s\n')
    print('| agent | scrapes | CPU a scrape (us) | CPU (% of a core) | RSS (MiB) | peak RSS (MiB) | wire bytes a sample |')
    print('|---|---|---|---|---|---|---|')
    for agent, (used, scrapes, resident, top, written) in rows.items():
        count = max(scrapes, 1)
        print(f'| {agent} | {scrapes} | {used / count * 1e6:.0f} | {used / options.seconds * 100:.1f} | {resident:.1f} '
              f'| {top:.1f} | {written / count / samples:.2f} |')
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--targets', type=int, default=1000)
    parser.add_argument('--interval', type=int, default=15, help='seconds')
    parser.add_argument('--seconds', type=int, default=180, help='the measured window')
    parser.add_argument('--warm-up', type=int, default=30, help='seconds before it')
    parser.add_argument('--agents', default='limpet,vmagent,prometheus')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        sys.exit(1 if measure(options, pathlib.Path(work)) else 0)


if __name__ == '__main__':
    main()
