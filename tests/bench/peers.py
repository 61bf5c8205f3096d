"""limpet and its peers, started alike: the same targets, a receiver's address, nothing tuned.

    peer = start('vmagent', work, targets, interval_s=15, write_url=url)
    peer.cpu_s(), peer.resident_mib(), peer.disk_bytes()

Names: limpet, limpet-1 and limpet-2 (held to one protocol), vmagent, prometheus (Debian 12's),
vmagent-sid, prometheus-sid, prometheus-sid-2 (today's, where they can be had; the last one sends
Remote-Write 2.0).
"""
import os
import pathlib

from parts.fetch import fetch
from parts.limpet import BINARY
from parts.process import NotAvailable, Process, binary, free_port

# Besides the page each scrape has up, scrape_duration_seconds and the like; vmagent has more.
REPORT_SERIES = {'limpet': 5, 'prometheus': 5, 'vmagent': 6, 'vmagent-sid': 7}
MESSAGES = {'1': 'prometheus.WriteRequest', '2': 'io.prometheus.write.v2.Request'}


def report_series(agent):
    return REPORT_SERIES.get(agent) or REPORT_SERIES[agent.split('-')[0]]


def available(agents):
    """Those of them that can be had here; says which ones cannot."""
    found = []
    for agent in agents:
        try:
            _program(agent)
            found.append(agent)
        except NotAvailable as error:
            print(f'{agent} is left out: {error}', flush=True)
    return found


def _message(agent):
    return MESSAGES.get(agent.rsplit('-', 1)[-1])


def _program(agent):
    if agent.startswith('limpet'):
        return BINARY
    return binary(agent.removesuffix('-2').removesuffix('-1'))


def _static_targets(targets):
    listed = ', '.join(f'"{address}:{targets.port}"' for address in targets.addresses)
    return f'static_configs: [{{targets: [{listed}]}}]'


def _configuration(agent, found_by, interval_s, write_url):
    text = f"""
global: {{scrape_interval: {interval_s}s, scrape_timeout: {min(interval_s, 10)}s}}
scrape_configs:
  - job_name: bench
    params: {{agent: [{agent}]}}
    {found_by}
"""
    if not agent.startswith('vmagent'):
        message = f', protobuf_message: {_message(agent)}' if _message(agent) else ''
        text += f'remote_write: [{{url: "{write_url}"{message}}}]\n'
    return text


def _arguments(agent, config, data, listen, write_url):
    program = _program(agent)
    if agent.startswith('limpet'):
        return [
            program,
            f'--config.file={config}',
            f'--storage.path={data}',
            f'--web.listen-address={listen}',
        ]
    if agent.startswith('vmagent'):
        return [
            program,
            f'-promscrape.config={config}',
            f'-remoteWrite.url={write_url}',
            f'-remoteWrite.tmpDataPath={data}',
            f'-httpListenAddr={listen}',
        ]
    mode = '--agent' if '-sid' in agent else '--enable-feature=agent'
    return [
        program,
        f'--config.file={config}',
        mode,
        f'--storage.agent.path={data}',
        f'--web.listen-address={listen}',
    ]


class Peer:
    def __init__(self, name, process, data, listen):
        self.name = name
        self.process = process
        self.data = data
        self.listen = listen

    def cpu_s(self):
        stat = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        fields = stat.rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def resident_mib(self):
        for line in pathlib.Path(f'/proc/{self.process.pid}/status').read_text().splitlines():
            if line.startswith('VmRSS:'):
                return int(line.split()[1]) / 1024
        return 0.0

    def disk_bytes(self):
        """What its data take on disk."""
        total = 0
        for path in self.data.rglob('*'):
            try:
                total += path.stat().st_blocks * 512
            except FileNotFoundError:
                continue  # deleted between the two looks
        return total

    def metrics(self):
        return fetch(f'http://{self.listen}/metrics').text

    def stop(self):
        self.process.stop()


def start(agent, work, targets, interval_s, write_url, found_by=None):
    """found_by: lines of the job that find the targets, in place of a list of them."""
    folder = pathlib.Path(work) / agent
    folder.mkdir()
    config = folder / 'config.yml'
    config.write_text(
        _configuration(agent, found_by or _static_targets(targets), interval_s, write_url)
    )
    listen = f'127.0.0.1:{free_port()}'
    arguments = _arguments(agent, config, folder / 'data', listen, write_url)
    process = Process(arguments, folder / 'log', cwd=folder)
    process.wait_http(f'http://{listen}/metrics', 60)
    return Peer(agent, process, folder / 'data', listen)
