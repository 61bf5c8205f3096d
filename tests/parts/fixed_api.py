"""A Kubernetes API that has just the objects it is given, for kinds that the real test server is too
old for. Everyone may list and watch; nothing ever changes.

    with FixedApi({'/api/v1/pods': [pod], '/apis/discovery.k8s.io/v1/endpointslices': [slice]}) as api:
        ... api.url ...
"""
import http.server
import json
import threading
import urllib.parse


class FixedApi:
    def __init__(self, objects):
        self._ended = threading.Event()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                if url.path not in objects:
                    return self._json(404, {'kind': 'Status', 'apiVersion': 'v1', 'code': 404})
                if 'sendInitialEvents' in query:
                    return self._json(422, {'kind': 'Status', 'apiVersion': 'v1', 'code': 422})
                if 'watch' in query:
                    return self._silence()
                items = objects[url.path]
                kind = items[0]['kind'] if items else 'Object'
                self._json(
                    200,
                    {
                        'kind': f'{kind}List',
                        'apiVersion': items[0]['apiVersion'] if items else 'v1',
                        'metadata': {'resourceVersion': '5'},
                        'items': items,
                    },
                )

            def _json(self, status, body):
                body = json.dumps(body).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _silence(self):
                self.send_response(200)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Transfer-Encoding', 'chunked')
                self.end_headers()
                self.wfile.flush()
                api._ended.wait()
                self.close_connection = True

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self._server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self._server.server_port}'

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
