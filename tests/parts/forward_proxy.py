"""A proxy that asks for a password: CONNECT for https, the absolute form of a request for http.

    with ForwardProxy('user', 'password') as proxy:
        ... proxy_url: proxy.url ...
        proxy.seen           # what it was asked for: [ProxyRequest]
    proxy.password = 'another'             # from now on 407 to those with the former one
    proxy.out_of_order = True              # 502, with the request's own fields as its page

A thread a connection; all of them end with close().
"""
import base64
import contextlib
import dataclasses
import http.client
import re
import socket
import threading
import urllib.parse

_HEAD_BYTES_MAX = 64 << 10
_IDLE_S_MAX = 20
_AUTHORIZATION = re.compile(r'^Proxy-Authorization: Basic (\S+)', re.MULTILINE | re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class ProxyRequest:
    method: str
    target: str
    status: int  # what the proxy itself answered; 0 where it handed the answer on
    head: str


class ForwardProxy:
    def __init__(self, user, password):
        self.user = user
        self.password = password
        self.out_of_order = False
        self.seen = []
        self._sockets = set()
        self._listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    def url(self, password):
        """With the user and this password in it."""
        named = ':'.join(urllib.parse.quote(part, safe='') for part in (self.user, password))
        return f'http://{named}@127.0.0.1:{self.port}'

    def answered(self, status, method=None):
        """How many requests got this answer from the proxy itself."""
        return sum(
            one.status == status and method in (None, one.method) for one in list(self.seen)
        )

    def authorizations(self):
        """Every Proxy-Authorization that it was sent."""
        return set(_AUTHORIZATION.findall(''.join(one.head for one in list(self.seen))))

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        # whatever goes wrong with a connection is its client's affair
        with contextlib.suppress(OSError, EOFError, ValueError, http.client.HTTPException):
            with self._held(connection), connection.makefile('rb') as reader:
                while self._request(connection, reader):
                    pass

    @contextlib.contextmanager
    def _held(self, connection):
        connection.settimeout(_IDLE_S_MAX)
        self._sockets.add(connection)
        try:
            with connection:
                yield connection
        finally:
            self._sockets.discard(connection)

    def _request(self, connection, reader):
        """Whether another one may follow."""
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            line = reader.readline(_HEAD_BYTES_MAX)
            head += line
            if not line or len(head) > _HEAD_BYTES_MAX:
                return False
        first, *lines = head.decode('latin-1').rstrip().split('\r\n')
        method, target, _ = first.split(' ')
        headers = [tuple(line.split(': ', 1)) for line in lines]
        fields = {name.lower(): value for name, value in headers}
        body = reader.read(int(fields.get('content-length', 0)))
        named = base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()
        status = 0
        if fields.get('proxy-authorization') != f'Basic {named}':
            status = 407
        elif self.out_of_order:
            status = 502
        self.seen.append(ProxyRequest(method, target, status, head.decode('latin-1')))
        if status:
            # what was sent with it, the secrets first
            page = '\n'.join(reversed(lines)).encode('latin-1')
            connection.sendall(
                b'HTTP/1.1 %d Refused\r\nContent-Length: %d\r\n\r\n%s' % (status, len(page), page)
            )
            return True
        if method == 'CONNECT':
            self._tunnel(connection, target)
            return False
        self._hand_on(connection, method, target, headers, body)
        return True

    def _tunnel(self, connection, target):
        host, port = target.rsplit(':', 1)
        upstream = socket.create_connection((host, int(port)), timeout=_IDLE_S_MAX)
        with self._held(upstream):
            connection.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
            there = threading.Thread(target=_copy, args=(connection, upstream), daemon=True)
            there.start()
            _copy(upstream, connection)
            there.join()

    def _hand_on(self, connection, method, target, headers, body):
        url = urllib.parse.urlsplit(target)
        upstream = http.client.HTTPConnection(url.hostname, url.port, timeout=_IDLE_S_MAX)
        with contextlib.closing(upstream):
            to_origin = {name: value for name, value in headers if name.lower()[:6] != 'proxy-'}
            upstream.request(method, url.path, body, to_origin)
            answer = upstream.getresponse()
            text = answer.read()
        head = f'HTTP/1.1 {answer.status} {answer.reason}\r\nContent-Length: {len(text)}\r\n\r\n'
        connection.sendall(
            (head if answer.status != 204 else head.replace('Content-Length: 0\r\n', '')).encode(
                'latin-1'
            )
            + text
        )

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.close()


def _copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        source.shutdown(socket.SHUT_RDWR)
