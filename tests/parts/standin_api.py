"""A small stand-in for the Kubernetes API: it serves the pods that lie as JSON files in a
directory.

For a quickstart without a cluster, and for tests that need an API in 50 ms. LIST with label
selectors, field selectors and pages; WATCH with ADDED, MODIFIED, DELETED and bookmarks as files
come, change and go; resource versions, and 410 for one that is too old. Reads only; no
authentication unless a token is given.

    python3 standin_api.py --directory pods --listen 127.0.0.1:8001 [--token T]

A pod's file may leave out uid and resourceVersion. Write it elsewhere and rename it into place.
"""
import argparse
import http.server
import json
import pathlib
import re
import sys
import threading
import time
import urllib.parse

if __name__ == '__main__':
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from parts.pod_directory import PodDirectory, labels_match, fields_match

_PATH = re.compile(r'^/api/v1(?:/namespaces/(?P<namespace>[^/]+))?/pods$')
_BOOKMARK_INTERVAL_S = 5.0


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version = 'standin-api'

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = {name: values[-1] for name, values in urllib.parse.parse_qs(url.query).items()}
        token = self.server.token
        if token and self.headers.get('Authorization') != f'Bearer {token}':
            return self._status(401, 'Unauthorized', 'Unauthorized')
        if url.path in ('/version', '/healthz', '/readyz', '/livez'):
            return self._json(200, {'major': '1', 'minor': '29', 'gitVersion': 'v1.29.0-standin'})
        match = _PATH.match(url.path)
        if not match:
            return self._status(404, 'NotFound', f'nothing is served at {url.path}')
        self._namespace, self._query = match['namespace'], query
        if query.get('sendInitialEvents'):
            return self._status(422, 'Invalid', 'sendInitialEvents is forbidden')
        try:
            if query.get('watch', '').lower() in ('1', 'true'):
                return self._watch()
            return self._list()
        except ValueError as error:
            return self._status(400, 'BadRequest', str(error))

    def _wanted(self, pod):
        return (
            (self._namespace is None or pod['metadata'].get('namespace') == self._namespace)
            and labels_match(
                self._query.get('labelSelector', ''), pod['metadata'].get('labels') or {}
            )
            and fields_match(self._query.get('fieldSelector', ''), pod)
        )

    def _list(self):
        pods, version = self.server.pods.snapshot()
        pods = [pod for pod in pods if self._wanted(pod)]
        start, limit = int(self._query.get('continue') or 0), int(self._query.get('limit') or 0)
        page = pods[start : start + limit] if limit else pods[start:]
        metadata = {'resourceVersion': str(version)}
        if start + len(page) < len(pods):
            metadata['continue'] = str(start + len(page))
            metadata['remainingItemCount'] = len(pods) - start - len(page)
        self._json(
            200, {'kind': 'PodList', 'apiVersion': 'v1', 'metadata': metadata, 'items': page}
        )

    def _watch(self):
        pods = self.server.pods
        version = int(self._query.get('resourceVersion') or 0)
        if version and not pods.knows(version):
            return self._status(410, 'Expired', f'too old resource version: {version}')
        ends = time.monotonic() + min(float(self._query.get('timeoutSeconds') or 1800), 1800)
        bookmarks = self._query.get('allowWatchBookmarks', '').lower() in ('1', 'true')
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        try:
            if not version:  # "any version": what is there now comes first, as ADDED
                listed, version = pods.snapshot()
                self._events([('ADDED', pod) for pod in listed if self._wanted(pod)])
            self.wfile.flush()
            while (left := ends - time.monotonic()) > 0 and not self.server.ending:
                changes, version = pods.changes_after(version, min(left, _BOOKMARK_INTERVAL_S))
                self._events([event for change in changes if (event := self._event(*change))])
                if not changes and bookmarks and not self.server.ending:
                    self._events(
                        [
                            (
                                'BOOKMARK',
                                {
                                    'kind': 'Pod',
                                    'apiVersion': 'v1',
                                    'metadata': {'resourceVersion': str(version)},
                                },
                            )
                        ]
                    )
            self.wfile.write(b'0\r\n\r\n')
        except OSError:
            self.close_connection = True  # the client has gone

    def _event(self, version, old, new):
        """The change as a watcher with this selector sees it: one that stops matching is deleted
        for it.
        """
        before, after = old is not None and self._wanted(old), new is not None and self._wanted(new)
        if after:
            return ('MODIFIED' if before else 'ADDED', new)
        if before:
            return (
                'DELETED',
                {**old, 'metadata': {**old['metadata'], 'resourceVersion': str(version)}},
            )
        return None

    def _events(self, events):
        for kind, pod in events:
            line = json.dumps({'type': kind, 'object': pod}).encode() + b'\n'
            self.wfile.write(b'%x\r\n%s\r\n' % (len(line), line))
        self.wfile.flush()

    def _status(self, code, reason, message):
        self._json(
            code,
            {
                'kind': 'Status',
                'apiVersion': 'v1',
                'status': 'Failure',
                'reason': reason,
                'code': code,
                'message': message,
            },
        )

    def _json(self, code, value):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *args):
        if self.server.verbose:
            print(f'{self.log_date_time_string()} {form % args}', flush=True)


class StandinApi(http.server.ThreadingHTTPServer):
    """StandinApi(directory).start() serves from a thread; close() ends it and every watch."""

    daemon_threads = True

    def __init__(self, directory, address=('127.0.0.1', 0), token=None, verbose=False):
        super().__init__(address, _Handler)
        self.verbose = verbose
        self.token = token
        self.ending = False
        self.pods = PodDirectory(directory)
        self.url = f'http://{self.server_address[0]}:{self.server_address[1]}'

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def close(self):
        self.ending = True
        self.pods.close()
        self.shutdown()
        self.server_close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument('--directory', required=True, help='where the pods lie, one JSON file each')
    parser.add_argument('--listen', default='127.0.0.1:8001')
    parser.add_argument('--token', help='the bearer token to ask for')
    options = parser.parse_args()
    host, port = options.listen.rsplit(':', 1)
    StandinApi(options.directory, (host, int(port)), options.token, verbose=True).serve_forever()


if __name__ == '__main__':
    main()
