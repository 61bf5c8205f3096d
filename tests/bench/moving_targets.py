"""Targets for the benchmarks: recorded pages of a real node_exporter, a second apart, from one
nginx on as many loopback addresses as are wanted; its log says which agent scraped when.

An agent names itself in the scrape's query (?agent=NAME), for peers of one kind share a user agent.
The same nginx is also a sink that answers 204 and logs the size of what was written.
"""
import bisect
import gzip
import os
import pathlib
import tempfile
import time

from parts.fetch import fetch
from parts.nginx import Nginx
from parts.nginx_targets import PAGES
from parts.node_exporter import NodeExporter
from parts.process import free_port

CACHE = pathlib.Path(os.environ.get('LIMPET_CACHE', pathlib.Path.home() / '.cache/limpet'))

_HTTP = """
  map $msec $page {{ default 00; "~(?<second>[0-9][0-9])[.]" $second; }}
  log_format scrape '$msec $arg_agent $status';
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


def samples_of(page):
    return sum(1 for line in page.splitlines() if line and not line.startswith(b'#'))


class MovingTargets(Nginx):
    def __init__(self, directory, addresses, pages):
        directory = pathlib.Path(directory).resolve()
        self.addresses = list(addresses)
        self.port, self.sink = free_port(self.addresses[0]), free_port()
        self._log_at, self._half_line, self._ends_s = 0, '', {}
        (directory / 'pages').mkdir(parents=True)
        for second, page in enumerate(pages):
            (directory / 'pages' / f'{second:02}.gz').write_bytes(gzip.compress(page, 6))
        listen = '\n'.join(f'    listen {address}:{self.port};' for address in self.addresses)
        super().__init__(directory, _HTTP.format(dir=directory, listen=listen, sink=self.sink))

    def sink_url(self, agent):
        return f'http://127.0.0.1:{self.sink}/{agent}/write'

    def written_bytes(self, agent, since_s):
        """Bytes of the bodies that the sink took from the agent."""
        total = 0
        for line in (self.directory / 'writes.log').read_text().splitlines():
            at, uri, status, size = line.split()
            if float(at) >= since_s and uri == f'/{agent}/write' and status == '204':
                total += int(size)
        return total

    def scrapes(self, agent, since_s, until_s=float('inf')):
        """How many ended in that time. The log is read on from where it was read last."""
        with open(self.directory / 'scrapes.log', encoding='ascii') as log:
            log.seek(self._log_at)
            lines = (self._half_line + log.read()).split('\n')
            self._log_at, self._half_line = log.tell(), lines.pop()
        for line in lines:
            end_s, by, status = line.split()
            if status == '200':
                self._ends_s.setdefault(by, []).append(float(end_s))
        ends_s = self._ends_s.get(agent, [])
        return bisect.bisect_right(ends_s, until_s) - bisect.bisect_left(ends_s, since_s)
