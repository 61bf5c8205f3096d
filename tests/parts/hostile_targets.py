"""Targets that answer a scrape in every way but the right one.

    with HostileTargets() as targets:
        ... scrape targets.address(way) of each way of WAYS ...

The ways are the methods of _Ways without an underscore. A listener each, a thread a connection;
what a way leaves open ends with the context.
"""
import contextlib
import gzip
import socket
import struct
import threading

_HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
_BLOCK = b'flood{x="y"} 1\n' * 4096


def _bomb():
    """Some 4 GiB of zeros in 4 MiB: members of gzip one behind the other."""
    return gzip.compress(bytes(256 << 20), 9) * 16


def _answer(body, headers=b''):
    return _HEAD + headers + b'Content-Length: %d\r\n\r\n' % len(body) + body


class _Ways:
    """Each gets (send, ended) when a request has been read; the connection ends behind it."""

    @staticmethod
    def hang(send, ended):
        ended.wait()

    @staticmethod
    def trickled_head(send, ended):
        for byte in _HEAD * 100:
            send(bytes([byte]))
            if ended.wait(0.3):
                return

    @staticmethod
    def trickled_body(send, ended):
        send(_HEAD + b'Content-Length: 1000\r\n\r\n')
        while not ended.wait(0.3):
            send(b'a')

    @staticmethod
    def endless_chunks(send, ended):
        send(_HEAD + b'Transfer-Encoding: chunked\r\n\r\n')
        while not ended.is_set():
            send(b'%x\r\n%b\r\n' % (len(_BLOCK), _BLOCK))

    @staticmethod
    def endless_body(send, ended):
        """Without a length, in the manner of HTTP/1.0."""
        send(_HEAD + b'Connection: close\r\n\r\n')
        while not ended.is_set():
            send(_BLOCK)

    @staticmethod
    def giant_length(send, ended):
        send(_HEAD + b'Content-Length: 99999999999999\r\n\r\n')
        while not ended.is_set():
            send(_BLOCK)

    @staticmethod
    def most_of_a_page(send, ended):
        """Much, and then nothing."""
        send(_HEAD + b'Content-Length: %d\r\n\r\n' % (60 << 20))
        for _ in range((50 << 20) // len(_BLOCK)):
            send(_BLOCK)
        ended.wait()

    @staticmethod
    def tiny_chunks(send, ended):
        send(_HEAD + b'Transfer-Encoding: chunked\r\n\r\n')
        while not ended.is_set():
            send(b'1\r\n#\r\n' * 4096)

    @staticmethod
    def endless_chunk_extension(send, ended):
        send(_HEAD + b'Transfer-Encoding: chunked\r\n\r\n1;')
        while not ended.is_set():
            send(b'x' * 65536)

    @staticmethod
    def endless_headers(send, ended):
        send(_HEAD)
        while not ended.is_set():
            send(b'X-More: and more\r\n' * 1000)

    @staticmethod
    def endless_header(send, ended):
        send(_HEAD + b'X-More: ')
        while not ended.is_set():
            send(b'm' * 65536)

    @staticmethod
    def endless_reason(send, ended):
        send(b'HTTP/1.1 200 ')
        while not ended.is_set():
            send(b'O' * 65536)

    @staticmethod
    def interim_storm(send, ended):
        while not ended.is_set():
            send(b'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' * 500)

    @staticmethod
    def garbage(send, ended):
        send(bytes(range(256)) * 400)

    @staticmethod
    def other_protocol(send, ended):
        send(b'220 smtp.example.com ESMTP\r\n')
        ended.wait()

    @staticmethod
    def bad_chunk(send, ended):
        send(_HEAD + b'Transfer-Encoding: chunked\r\n\r\nzz\r\na 1\n\r\n0\r\n\r\n')

    @staticmethod
    def two_lengths(send, ended):
        send(_HEAD + b'Content-Length: 4\r\nContent-Length: 9\r\n\r\na 1\nb 2\n')

    @staticmethod
    def length_too_long(send, ended):
        send(_HEAD + b'Content-Length: 400\r\n\r\na 1\n')

    @staticmethod
    def length_too_short(send, ended):
        send(_HEAD + b'Content-Length: 6\r\n\r\na 1\nb 2\n')

    @staticmethod
    def zip_bomb(send, ended):
        send(_answer(HostileTargets.bomb, b'Content-Encoding: gzip\r\n'))

    @staticmethod
    def broken_gzip(send, ended):
        send(_answer(gzip.compress(b'a 1\n')[:-9], b'Content-Encoding: gzip\r\n'))

    @staticmethod
    def not_gzip(send, ended):
        send(_answer(b'a 1\n', b'Content-Encoding: gzip\r\n'))

    @staticmethod
    def other_coding(send, ended):
        send(_answer(b'a 1\n', b'Content-Encoding: br\r\n'))

    @staticmethod
    def invalid_utf8(send, ended):
        send(_answer(b'a{x="\xff\xfe"} 1\n'))

    @staticmethod
    def endless_label(send, ended):
        send(_answer(b'a{x="' + b'y' * 3_000_000))

    @staticmethod
    def many_labels(send, ended):
        send(_answer(b'a{' + b''.join(b'x%d="",' % i for i in range(100_000)) + b'} 1\n'))

    @staticmethod
    def too_many_samples(send, ended):
        send(_answer(b''.join(b'a%d 1\n' % i for i in range(20_000))))

    @staticmethod
    def reset(send, ended):
        send(_HEAD + b'Content-Length: 40000\r\n\r\na 1\n')
        raise ConnectionResetError

    @staticmethod
    def closed_at_once(send, ended):
        pass

    @staticmethod
    def redirect_loop(send, ended):
        send(b'HTTP/1.1 302 Found\r\nLocation: /metrics\r\nContent-Length: 0\r\n\r\n')

    @staticmethod
    def redirect_nowhere(send, ended):
        send(b'HTTP/1.1 302 Found\r\nLocation: ftp://x\r\nContent-Length: 0\r\n\r\n')

    @staticmethod
    def error_with_a_flood(send, ended):
        send(b'HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n')
        while not ended.is_set():
            send(_BLOCK)

    @staticmethod
    def web_page(send, ended):
        send(b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>')


WAYS = tuple(name for name in vars(_Ways) if not name.startswith('_'))


class HostileTargets:
    bomb = b''

    def __init__(self):
        HostileTargets.bomb = HostileTargets.bomb or _bomb()
        self.ended = threading.Event()
        self.asked = dict.fromkeys(WAYS, 0)
        self._listeners = {way: socket.create_server(('127.0.0.1', 0), backlog=64) for way in WAYS}

    def address(self, way):
        return '127.0.0.1:%d' % self._listeners[way].getsockname()[1]

    def _accept(self, way):
        while True:
            try:
                connection, _ = self._listeners[way].accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(way, connection), daemon=True).start()

    def _serve(self, way, connection):
        with connection, contextlib.suppress(OSError):
            reader = connection.makefile('rb')
            while line := reader.readline():
                if line != b'\r\n':
                    continue
                self.asked[way] += 1
                try:
                    getattr(_Ways, way)(connection.sendall, self.ended)
                except ConnectionResetError:
                    linger = struct.pack('ii', 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    connection.close()
                    return
                if way != 'redirect_loop':
                    return

    def __enter__(self):
        for way in WAYS:
            threading.Thread(target=self._accept, args=(way,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for listener in self._listeners.values():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
