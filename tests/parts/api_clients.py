"""Clients of a KubeApiserver that keep their connections, for hundreds of pods at a time.

    create_pods(kubernetes, pods)
    in_parallel(kubernetes, [lambda client, pod=pod: client.set_status(pod) for pod in pods])

Pods are those of parts/pod.py. With patience_s a client asks again while the API server is away or
not itself yet; what an earlier try has done already is then no error.
"""
import concurrent.futures
import http.client
import json
import queue
import ssl
import time

_PAUSE_S = 0.1


class ApiClient:
    """One connection: for one thread at a time."""

    def __init__(self, kubernetes, patience_s=0.0):
        self.kubernetes = kubernetes
        self.patience_s = patience_s
        self._context = ssl.create_default_context(cafile=str(kubernetes.ca_file))
        self._connection = None

    def request(self, method, path, body=None, also=()):
        """The answer's JSON. RuntimeError where it is neither a success nor one of `also`."""
        give_up = time.monotonic() + self.patience_s
        while True:
            try:
                status, text = self._ask(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                status, text = 0, repr(error).encode()
            if 200 <= status < 300 or status in also:
                return json.loads(text)
            # the last is what an API server says that has just been started
            passes = status in (0, 429) or status >= 500 or b'not yet ready' in text
            if not passes or time.monotonic() > give_up:
                raise RuntimeError(f'{method} {path}: {status} {text.decode()[:500]}')
            time.sleep(_PAUSE_S)

    def _ask(self, method, path, body):
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                '127.0.0.1', self.kubernetes.port, timeout=30, context=self._context
            )
        headers = self.kubernetes.admin_headers(method)
        self._connection.request(method, path, body and json.dumps(body), headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def create_pod(self, pod):
        """With its address, as pod['status'] says it."""
        pods = f'/api/v1/namespaces/{pod["metadata"]["namespace"]}/pods'
        self.request('POST', pods, {**pod, 'status': {}}, also=(409,))
        self.set_status(pod)

    def set_status(self, pod):
        metadata = pod['metadata']
        path = f'/api/v1/namespaces/{metadata["namespace"]}/pods/{metadata["name"]}/status'
        self.request('PATCH', path, {'status': pod['status']})

    def delete_pod(self, namespace, name):
        # without a kubelet nothing would ever confirm the end of a grace period
        path = f'/api/v1/namespaces/{namespace}/pods/{name}'
        self.request('DELETE', path, {'gracePeriodSeconds': 0}, also=(404,))

    def pods(self, namespace):
        """{name: address} of all that there are."""
        items = self.request('GET', f'/api/v1/namespaces/{namespace}/pods')['items']
        return {pod['metadata']['name']: pod['status'].get('podIP') for pod in items}

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def in_parallel(kubernetes, actions, clients=8, patience_s=0.0):
    """Runs all actions, each with one of so many clients; the first error of any is raised."""
    idle = queue.SimpleQueue()
    for _ in range(clients):
        idle.put(ApiClient(kubernetes, patience_s))

    def run(action):
        client = idle.get()
        try:
            action(client)
        finally:
            idle.put(client)

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        try:
            for done in [pool.submit(run, action) for action in actions]:
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)
            while not idle.empty():
                idle.get().close()


def create_pods(kubernetes, pods):
    in_parallel(kubernetes, [lambda client, pod=pod: client.create_pod(pod) for pod in pods])
