"""A receiver that misbehaves in one chosen way until it is told to behave; then it hands requests on.

    with HostileReceiver('trickle', sink.port) as hostile:
        ... remote-write to hostile.url('/api/v1/write') ...
        hostile.behave()

The ways are the methods of _Ways without an underscore, and for https those of TLS_WAYS. A thread a
connection; what a way leaves open ends with close().
"""
import contextlib
import http.client
import random
import socket
import ssl
import struct
import threading

STATUSES = (408, 429, 500, 501, 502, 503, 504, 507, 599)
REFUSALS = (301, 401, 403, 404)  # which may be tried again but slowly
GIANT_BYTES = 256 << 20
TLS_WAYS = ('tls_plain_text', 'tls_wrong_authority', 'tls_closed')


class _Request:
    """Reads one request of a connection; None at its end."""

    def __init__(self, reader):
        self.first_line = reader.readline(65536).decode('latin-1').split()
        if len(self.first_line) != 3:
            raise EOFError
        self.headers = http.client.parse_headers(reader)
        self.body = reader.read(int(self.headers['Content-Length'] or 0))


class _Ways:
    """What a connection gets instead of an answer. server: the HostileReceiver."""

    @staticmethod
    def hang(connection, server):
        """Reads the request, and says nothing."""
        _Request(connection.makefile('rb'))
        server.ended.wait()

    @staticmethod
    def deaf(connection, server):
        """Reads nothing, either."""
        server.ended.wait()

    @staticmethod
    def half_head(connection, server):
        _Request(connection.makefile('rb'))
        connection.sendall(b'HTTP/1.1 204 No Con')

    @staticmethod
    def half_body(connection, server):
        _Request(connection.makefile('rb'))
        connection.sendall(b'HTTP/1.1 503 Sorry\r\nContent-Length: 1000\r\n\r\nnot all of')

    @staticmethod
    def trickle(connection, server):
        """A byte at a time, never coming to an end."""
        _Request(connection.makefile('rb'))
        connection.sendall(b'HTTP/1.1 204 No Content\r\nX-Slow: ')
        while not server.ended.wait(0.05):
            connection.sendall(b'z')

    @staticmethod
    def giant_head(connection, server):
        _Request(connection.makefile('rb'))
        connection.sendall(b'HTTP/1.1 204 No Content\r\nX-Giant: ')
        for _ in range(GIANT_BYTES >> 16):
            connection.sendall(b'y' * 65536)

    @staticmethod
    def giant_body(connection, server):
        _Request(connection.makefile('rb'))
        connection.sendall(b'HTTP/1.1 503 Sorry\r\nContent-Length: %d\r\n\r\n' % GIANT_BYTES)
        for _ in range(GIANT_BYTES >> 16):
            connection.sendall(b'x' * 65536)

    @staticmethod
    def random_status(connection, server):
        _answer_with(STATUSES, connection, server)

    @staticmethod
    def refusal(connection, server):
        _answer_with(REFUSALS, connection, server)

    @staticmethod
    def no_http(connection, server):
        _Request(connection.makefile('rb'))
        connection.sendall(b'220 smtp.example.com ESMTP\r\n' * 20)

    @staticmethod
    def reset_in_request(connection, server):
        connection.recv(100)
        _reset(connection)

    @staticmethod
    def reset_in_answer(connection, server):
        _Request(connection.makefile('rb'))
        connection.sendall(b'HTTP/1.1 500 Oh\r\nContent-Length: 100000\r\n\r\n' + b'x' * 5000)
        _reset(connection)

    @staticmethod
    def closed_at_once(connection, server):
        pass

    @staticmethod
    def any_of_them(connection, server):
        slow = ('hang', 'deaf', 'trickle', 'refusal', 'any_of_them')
        names = [name for name in WAYS if name not in slow]
        getattr(_Ways, random.choice(names))(connection, server)


WAYS = tuple(name for name in vars(_Ways) if not name.startswith('_'))


def _answer_with(statuses, connection, server):
    """Keeps the connection; a request that comes after the misbehaviour gets none."""
    reader = connection.makefile('rb')
    while True:
        _Request(reader)
        if server.ended.is_set():
            return
        connection.sendall(
            b'HTTP/1.1 %d Whatever\r\nLocation: http://127.0.0.1:1/\r\nRetry-After: 0\r\n'
            b'Content-Type: image/png\r\nContent-Length: 4\r\n\r\n\x89PNG' % random.choice(statuses)
        )


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


class HostileReceiver:
    """way: one of WAYS or TLS_WAYS. certificate, wrong_certificate: of parts/certificate.py, for the
    latter.
    """

    def __init__(self, way, upstream_port, certificate=None, wrong_certificate=None):
        self.way = way
        self.upstream_port = upstream_port
        self.ended = threading.Event()  # of the way: connections held by it are let go
        self.connections = 0
        self._contexts = [_context(one) for one in (certificate, wrong_certificate)]
        self._listener = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self._listener.getsockname()[1]

    def url(self, path):
        return f'http{"s" if self._contexts[0] else ""}://127.0.0.1:{self.port}{path}'

    def behave(self):
        self.way = None
        self.ended.set()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        # whatever goes wrong with a connection is its client's affair
        with contextlib.suppress(OSError, EOFError, ValueError, http.client.HTTPException):
            with connection:
                self._serve_in(self.way, connection)

    def _serve_in(self, way, connection):
        good, wrong = self._contexts
        if way == 'tls_plain_text':
            connection.sendall(b'HTTP/1.1 204 No Content\r\n\r\n')
        elif way == 'tls_closed':
            connection.recv(50)
        elif way == 'tls_wrong_authority':
            with wrong.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)
        elif way:
            getattr(_Ways, way)(connection, self)
        elif good:
            with good.wrap_socket(connection, server_side=True) as tls:
                self._hand_on(tls)
        else:
            self._hand_on(connection)

    def _hand_on(self, connection):
        reader = connection.makefile('rb')
        upstream = http.client.HTTPConnection('127.0.0.1', self.upstream_port, timeout=10)
        with contextlib.closing(upstream):
            while True:
                request = _Request(reader)
                upstream.request(
                    request.first_line[0], request.first_line[1], request.body, request.headers
                )
                answer = upstream.getresponse()
                body = answer.read()
                head = f'HTTP/1.1 {answer.status} {answer.reason}\r\n' + ''.join(
                    f'{name}: {value}\r\n' for name, value in answer.getheaders()
                )
                connection.sendall(head.encode('latin-1') + b'\r\n' + body)

    def close(self):
        self.ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.close()


def _context(certificate):
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    return context
