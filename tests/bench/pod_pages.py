"""One page for every pod there may be: nginx on all of loopback, whose log says who was scraped when
and by which agent (?agent=NAME in the scrape's query, as bench/peers.py asks for it).
"""
import pathlib

from parts.nginx import Nginx
from parts.process import free_port

_HTTP = """
  log_format scrape '$msec $server_addr $arg_agent';
  default_type "text/plain; version=0.0.4";
  types {{ }}
  server {{
    listen {port};
    allow 127.0.0.0/8; deny all;
    access_log {dir}/access.log scrape;
    location = /metrics {{ alias {dir}/page; }}
    location /write {{ access_log off; client_max_body_size 64m; return 204; }}
  }}
"""
_PAGE = ''.join(f'pod_requests_total{{code="{code}"}} {code}\n' for code in range(200, 220))


class PodPages(Nginx):
    def __init__(self, directory):
        directory = pathlib.Path(directory).resolve()
        directory.mkdir()
        self.port = free_port()
        (directory / 'page').write_text(_PAGE)
        super().__init__(directory, _HTTP.format(dir=directory, port=self.port))
        self.write_url = f'http://127.0.0.1:{self.port}/write'
        self._read_to, self._half_line = 0, ''
        self._seen = {}  # agent -> address -> [seconds of the epoch]

    def scrapes(self, agent):
        """{address: when it was scraped, in order} up to now. The log is read on from where it was
        read last.
        """
        with open(self.access_log, encoding='ascii') as log:
            log.seek(self._read_to)
            lines = (self._half_line + log.read()).split('\n')
            self._read_to, self._half_line = log.tell(), lines.pop()
        for line in lines:
            at_s, address, by = line.split()
            self._seen.setdefault(by, {}).setdefault(address, []).append(float(at_s))
        return self._seen.get(agent, {})
