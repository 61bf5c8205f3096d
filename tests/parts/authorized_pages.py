"""Targets that want to know who asks: one page of metrics on several loopback addresses.

    with AuthorizedPages(['127.6.0.2', '127.6.0.3']) as pages:
        pages.require('/secret', 'Bearer one')     # every other path asks for nothing
        pages.port
        pages.requests()          # [(address, path and query, Authorization or ''), ...]
"""
import http.server
import threading

from parts.process import free_port

PAGE = b'demo_requests_total{code="200"} 1\ndemo_dropped 2\n'


class AuthorizedPages:
    def __init__(self, addresses):
        self.addresses = list(addresses)
        self.port = free_port()
        self._required = {}
        self._requests = []
        self._lock = threading.Lock()
        self._servers = []

    def require(self, path, authorization):
        with self._lock:
            self._required[path] = authorization

    def requests(self):
        with self._lock:
            return list(self._requests)

    def target(self, address):
        return f'{address}:{self.port}'

    def _status(self, address, target, authorization):
        with self._lock:
            self._requests.append((address, target, authorization))
            wanted = self._required.get(target.split('?')[0])
            return 200 if wanted in (None, authorization) else 401

    def __enter__(self):
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                address = self.server.server_address[0]
                authorization = self.headers.get('Authorization', '')
                status = pages._status(address, self.path, authorization)
                body = PAGE if status == 200 else b''
                self.send_response(status)
                self.send_header('Content-Type', 'text/plain; version=0.0.4')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        for address in self.addresses:
            server = http.server.ThreadingHTTPServer((address, self.port), Handler)
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self._servers.append(server)
        return self

    def __exit__(self, *_):
        for server in self._servers:
            server.shutdown()
            server.server_close()
