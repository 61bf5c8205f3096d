"""A server that gives http_sd_configs its list of targets, or whatever else a test wants it to
answer.

    server = TargetListServer()
    server.answer([{'targets': ['127.0.0.1:9100']}])
    server.answer('nonsense', status=500)
    server.url, server.requests
"""
import http.server
import json
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, dict(self.headers)))
        status, content_type, body = server.answer
        self.send_response(status)
        self.send_header('Content-Type', content_type)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class TargetListServer:
    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self._server.daemon_threads = True
        self._server.requests = []
        self.answer([])
        self.url = f'http://127.0.0.1:{self._server.server_port}/targets'
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def answer(self, body, status=200, content_type='application/json'):
        """body: text, or anything else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self._server.answer = (status, content_type, text.encode())

    @property
    def requests(self):
        """[(path, headers)]"""
        return list(self._server.requests)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
