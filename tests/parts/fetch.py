"""One HTTP exchange, bounded in time, any status an answer:
fetch('http://127.0.0.1:8429/metrics').text.
"""
import dataclasses
import json
import ssl
import urllib.error
import urllib.request

# no proxy from the environment: every server of a test is on loopback
_NO_PROXY = urllib.request.ProxyHandler({})


@dataclasses.dataclass
class Response:
    status: int
    headers: object
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def fetch(url, method='GET', body=None, headers=None, ca_file=None, timeout_s=10):
    """body: bytes, str, or anything else as JSON. OSError (URLError is one) where there is no
    answer.
    """
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault('Content-Type', 'application/json')
    if isinstance(body, str):
        body = body.encode()
    handlers = [_NO_PROXY]
    if ca_file:
        handlers.append(
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(ca_file)))
        )
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout_s) as answer:
            return Response(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, error.headers, error.read())
