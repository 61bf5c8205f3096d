"""Pods that come, move to another address, are reported again without a change, and go, all the time
and whatever happens to the API server: several workers, each with addresses of its own.

    with PodChurn(kubernetes, 'shop', addresses, port, standing) as churn:
        ... kill and start the API server ...
    churn.expected()        # {name: address} of those that are there now

`standing` are pods that stay: of them only what says nothing new is reported.
"""
import random
import threading
import time

from parts.api_clients import ApiClient
from parts.pod import running_pod

_PATIENCE_S = 180
_PAUSE_S = 0.02
_WORKERS = 4


class PodChurn:
    """Entered again it goes on with the pods that there are."""

    def __init__(self, kubernetes, namespace, addresses, port, standing=()):
        self.kubernetes, self.namespace, self.port = kubernetes, namespace, port
        self.standing = list(standing)
        self._workers = [
            _Worker(self, f'churn-{number}', addresses[number::_WORKERS])
            for number in range(_WORKERS)
        ]
        self._threads, self._errors = [], []
        self._ending = threading.Event()

    @property
    def changes(self):
        return sum(worker.changes for worker in self._workers)

    def expected(self):
        pods = {pod['metadata']['name']: pod['status']['podIP'] for pod in self.standing}
        for worker in self._workers:
            pods |= worker.pods
        return pods

    def check(self):
        """Raises the error of a worker, where there is one."""
        if self._errors:
            raise self._errors[0]

    def _run(self, worker):
        client = ApiClient(self.kubernetes, _PATIENCE_S)
        try:
            while not self._ending.is_set():
                worker.change(client)
                time.sleep(_PAUSE_S)
        except Exception as error:  # whatever it is, the test has to know
            self._errors.append(error)
        finally:
            client.close()

    def __enter__(self):
        self._ending.clear()
        self._threads = [
            threading.Thread(target=self._run, args=(worker,)) for worker in self._workers
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        """Every change that was begun is done first."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        if kind is None:
            self.check()


class _Worker:
    def __init__(self, churn, prefix, addresses):
        self.churn, self.prefix, self.free = churn, prefix, list(addresses)
        self.pods = {}  # name -> address
        self.changes = 0
        self.random = random.Random(prefix)
        self.client = None

    def change(self, client):
        self.client = client
        choices = [self._create, self._delete, self._delete, self._move, self._repeat]
        # most addresses are in use most of the time
        filling = len(self.free) > len(self.pods) // 4
        change = self._create if filling else self.random.choice(choices)
        change()
        self.changes += 1

    def _pod(self, name, address):
        return running_pod(name, address, self.churn.port, self.churn.namespace, {'app': 'churn'})

    def _take(self):
        return self.free.pop(self.random.randrange(len(self.free)))

    def _create(self):
        if not self.free:
            return
        name, address = f'{self.prefix}-{self.changes}', self._take()
        self.client.create_pod(self._pod(name, address))
        self.pods[name] = address

    def _delete(self):
        name = self.random.choice(list(self.pods))
        self.client.delete_pod(self.churn.namespace, name)
        self.free.append(self.pods.pop(name))

    def _move(self):
        if not self.free:
            return
        name, address = self.random.choice(list(self.pods)), self._take()
        self.client.set_status(self._pod(name, address))
        self.free.append(self.pods[name])
        self.pods[name] = address

    def _repeat(self):
        if not self.churn.standing:
            return
        pod = self.random.choice(self.churn.standing)
        says_nothing = {'message': f'{self.prefix} saw it, change {self.changes}'}
        self.client.set_status({**pod, 'status': says_nothing})
