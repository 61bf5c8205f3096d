"""Serves each target's pages one after the other, a version a scrape, to several agents alike.

    with VersionedPages({'t1': [Answer(b'x 1\n')]}, ('a', 'b')) as pages:
        ... agent a scrapes pages.address('a'), path /t1 ...
        pages.go_on({'t1': [Answer(b'x 1\n'), Answer(status=500)]})
        pages.finished()               # every agent has asked for every version and once more
        pages.versions_at('a', 't1', [timestamp_ms, ...])

An agent has an address of its own. The last version stays. One thread, asyncio; the versions are
what the server counts for an agent and a target, so agents may scrape at any pace.
"""
import asyncio
import bisect
import dataclasses
import gzip
import threading
import time

TEXT = 'text/plain; version=0.0.4; charset=utf-8'
OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
# A clock may be read a little after the request was sent, and a scrape's time may be put on the
# grid of its interval.
_SLACK_MS = 5


@dataclasses.dataclass(frozen=True)
class Answer:
    """headers: more of them. cut: the connection ends in the middle of the body. silent: nothing
    comes, ever. altered: a byte of the body is not what it was, which may spell a series anew.
    """

    body: bytes = b''
    content_type: str = TEXT
    status: int = 200
    headers: tuple = ()
    compressed: bool = False
    cut: bool = False
    silent: bool = False
    altered: bool = False

    def message(self):
        headers, body = self.headers, self.body
        if self.compressed:
            headers, body = (*headers, ('Content-Encoding', 'gzip')), gzip.compress(body, 1)
        if self.content_type:
            headers = (*headers, ('Content-Type', self.content_type))
        lines = [f'HTTP/1.1 {self.status} Status', f'Content-Length: {len(body)}']
        lines += [f'{name}: {value}' for name, value in headers]
        head = '\r\n'.join([*lines, '', '']).encode('latin-1')
        return head + (body[: len(body) // 2] if self.cut else body)


def _field(head, name):
    for line in head.split(b'\r\n')[1:]:
        if line.lower().startswith(name + b':'):
            return line.partition(b':')[2].strip().decode()
    return None


class _Connection(asyncio.Protocol):
    def __init__(self, pages, agent):
        self.pages = pages
        self.agent = agent
        self.received = b''

    def connection_made(self, transport):
        self.transport = transport
        self.pages.transports.add(transport)

    def connection_lost(self, exc):
        self.pages.transports.discard(self.transport)

    def data_received(self, data):
        self.received += data
        while b'\r\n\r\n' in self.received:
            head, _, self.received = self.received.partition(b'\r\n\r\n')
            target = head.split(b' ', 2)[1].decode().lstrip('/')
            self.pages.hosts[self.agent, target] = _field(head, b'host')
            answer = self.pages.asked(self.agent, target)
            if answer.silent:
                continue
            self.transport.write(answer.message())
            if answer.cut:
                self.transport.close()


class VersionedPages:
    def __init__(self, versions, agents, host='127.0.0.1'):
        self.host = host
        self.hosts = {}  # (agent, target): what the last request's Host said
        self.versions = versions
        self.agents = agents
        self._asked_ms = {(agent, target): [] for agent in agents for target in versions}
        self._answered = {key: [] for key in self._asked_ms}  # which version
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers = {}
        self.transports = set()

    def address(self, agent):
        host = f'[{self.host}]' if ':' in self.host else self.host
        return f'{host}:{self.port(agent)}'

    def port(self, agent):
        return self._servers[agent].sockets[0].getsockname()[1]

    def asked(self, agent, target):
        """On the loop's thread."""
        versions, answered = self.versions[target], self._answered[agent, target]
        version = answered[-1] if answered else 0
        if version + 1 < len(versions):
            version += 1
        # the time first: who reads it finds the version in its place
        answered.append(version)
        self._asked_ms[agent, target].append(time.time() * 1000)
        return versions[version]

    def go_on(self, versions):
        """More versions of the targets, those there were included."""
        self.versions = versions

    def finished(self):
        return all(
            len(answered) > 1 and answered[-2] == len(self.versions[target]) - 1
            for (_, target), answered in self._answered.items()
        )

    def versions_at(self, agent, target, timestamps_ms):
        """{timestamp: version} of scrapes: each was answered by the first request that came after it
        and not by that of a scrape before. None where there is no such request yet.
        """
        asked_ms = self._asked_ms[agent, target]
        versions, place = {}, 0
        for timestamp_ms in sorted(timestamps_ms):
            place = bisect.bisect_left(asked_ms, timestamp_ms - _SLACK_MS, place)
            known = place < len(asked_ms)
            versions[timestamp_ms] = self._answered[agent, target][place] if known else None
            place += known
        return versions

    def __enter__(self):
        self._thread.start()
        for agent in self.agents:
            listening = self._loop.create_server(
                lambda agent=agent: _Connection(self, agent), self.host, 0, backlog=1024
            )
            self._servers[agent] = asyncio.run_coroutine_threadsafe(listening, self._loop).result(
                10
            )
        return self

    def __exit__(self, *_):
        async def end():
            for server in self._servers.values():
                server.close()
            for transport in list(self.transports):
                transport.abort()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
