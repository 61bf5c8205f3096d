"""One nginx that answers scrapes on many loopback addresses and logs each scrape it served.

The page moves without costing anything: of 100 recorded pages `map $msec` picks the one of the
second, and the access log names it. So a log line says exactly which samples a target gave away:

    targets = NginxTargets(work / 'targets', addresses, pages)     # pages: 100 texts, one a second
    ...
    for scrape in targets.scrapes(): scrape.address, scrape.page, scrape.end_s
"""
import dataclasses
import pathlib

from parts.nginx import Nginx
from parts.process import free_port

PAGES = 100

_HTTP = """
  map $msec $page {{ default 00; "~(?<second>[0-9][0-9])[.]" $second; }}
  log_format scrape '$msec $server_addr $status $page $request_time $body_bytes_sent';
  access_log {dir}/access.log scrape;
  default_type "text/plain; version=0.0.4";
  types {{ }}
  gzip on; gzip_types *; gzip_min_length 0; gzip_comp_level 1;
  server {{
{listen}
    location = /metrics {{
      if (-f {dir}/failing/$server_addr) {{ return 503; }}
      alias {dir}/pages/$page;
    }}
  }}
"""


@dataclasses.dataclass(frozen=True)
class Scrape:
    """One answer that nginx finished writing. end_s is that moment, in seconds of the epoch."""

    end_s: float
    address: str
    status: int
    page: int
    request_s: float


def moving_page(second):
    """A small page of every kind of line, most values telling the second it is of. 12 digits at
    most: more the receiver does not keep.
    """
    return (
        '\n'.join(
            [
                '# HELP moving_second The second this page is of.',
                '# TYPE moving_second gauge',
                f'moving_second {second}',
                '# TYPE moving_requests_total counter',
                *(
                    f'moving_requests_total{{code="{code}",path="/a \\"b\\" \\\\ c"}} {second * step}'
                    for code, step in (('200', 7), ('500', 1))
                ),
                '# TYPE moving_ratio gauge',
                f'moving_ratio {second / 7:.9f}',
                f'moving_negative -{second}e-3',
                'moving_constant 42',
                '# TYPE moving_latency_seconds histogram',
                *(
                    f'moving_latency_seconds_bucket{{le="{le}"}} {second + extra}'
                    for le, extra in (('0.1', 1), ('2.5', 2), ('+Inf', 3))
                ),
                f'moving_latency_seconds_sum {second * 0.25}',
                f'moving_latency_seconds_count {second + 3}',
            ]
        )
        + '\n'
    )


class NginxTargets(Nginx):
    def __init__(self, directory, addresses, pages=None):
        directory = pathlib.Path(directory).resolve()
        self.port = free_port(addresses[0])
        self.addresses = list(addresses)
        self.failing = directory / 'failing'
        pages = pages or [moving_page(second) for second in range(PAGES)]
        if len(pages) != PAGES:
            raise ValueError(f'{PAGES} pages are needed, one a second')
        (directory / 'pages').mkdir(parents=True)
        self.failing.mkdir()
        for second, text in enumerate(pages):
            (directory / 'pages' / f'{second:02}').write_text(text)
        listen = '\n'.join(f'    listen {address}:{self.port};' for address in self.addresses)
        super().__init__(directory, _HTTP.format(dir=directory, listen=listen))

    def target(self, address):
        return f'{address}:{self.port}'

    def set_failing(self, address, failing):
        """A target that fails answers 503."""
        path = self.failing / address
        path.touch() if failing else path.unlink(missing_ok=True)

    def scrapes(self):
        """Every scrape served so far, in the order in which they ended."""
        served = []
        for line in self.access_log.read_text().splitlines(keepends=True):
            if not line.endswith('\n'):
                break  # being written
            end_s, address, status, page, request_s, _ = line.split()
            served.append(Scrape(float(end_s), address, int(status), int(page), float(request_s)))
        return served

    def scraped_addresses(self, since_s=0.0):
        return {scrape.address for scrape in self.scrapes() if scrape.end_s >= since_s}


def loopback_addresses(count, first=1):
    """127.1.x.y, as pods' addresses: count of them."""
    return [f'127.1.{number // 250}.{number % 250 + 1}' for number in range(first, first + count)]
