"""An OAuth 2.0 token server for client credentials (RFC 6749, 4.4), as much of it as a client sees.

    with TokenServer('agent', 'the secret', scope='write') as server:
        ... token_url: server.url ...
        server.issued()        # the tokens that were given out, in their order
    server.stop(), server.start()          # an outage: the same port, the next token

Each token is another one. A request that is not exactly what the client was told to send gets an
error, and is kept in server.refused.
"""
import base64
import http.server
import json
import threading
import urllib.parse

from parts.process import free_port


class TokenServer:
    def __init__(self, client_id, client_secret, scope=''):
        named = ':'.join(urllib.parse.quote_plus(part) for part in (client_id, client_secret))
        self.authorization = base64.b64encode(named.encode()).decode()  # of the client, basic
        self._form = {'grant_type': ['client_credentials']} | ({'scope': [scope]} if scope else {})
        self.client_id = client_id
        self.refused = []  # texts
        self._issued = []
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}/token'
        self._server = None

    def token(self, number):
        """The one that is given out as that number, from 1; letters and digits."""
        return f'{self.client_id}Token{number:06}'

    def issued(self):
        return list(self._issued)

    def _answer(self, path, authorization, body):
        form = urllib.parse.parse_qs(body)
        if (
            path != '/token'
            or authorization != f'Basic {self.authorization}'
            or form != self._form
        ):
            self.refused.append(f'{path} {authorization} {form}')
            return 401, {'error': 'invalid_client', 'error_description': body}
        self._issued.append(self.token(len(self._issued) + 1))
        return 200, {'access_token': self._issued[-1], 'token_type': 'bearer', 'expires_in': 3600}

    def start(self):
        answer_to = self._answer

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length'])).decode()
                status, answer = answer_to(self.path, self.headers['Authorization'], body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
