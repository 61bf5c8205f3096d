"""Pods from the JSON files of a directory, with versions and a history of changes; and selectors on
them.

A thread reads the directory again ten times a second. What the history no longer holds is "too
old", as in etcd after a compaction.
"""
import json
import pathlib
import re
import threading

_POLL_S = 0.1
_HISTORY = 10_000


class PodDirectory:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._version = 1
        self._oldest = 1  # watches may begin at this version or later
        self._files = {}  # path -> (stamp, pod)
        self._history = []  # (version, old pod or None, new pod or None)
        self._read()
        threading.Thread(target=self._poll, daemon=True).start()

    def snapshot(self):
        """All pods, and the version they are of."""
        with self._changed:
            return [pod for _, (_, pod) in sorted(self._files.items())], self._version

    def knows(self, version):
        with self._changed:
            return version >= self._oldest

    def changes_after(self, version, timeout_s):
        """[(version, old, new)] after version and the version they lead to; waits a while for the
        first one.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._version > version or self._closed.is_set(), timeout_s
            )
            return [change for change in self._history if change[0] > version], max(
                version, self._version
            )

    def forget_history(self):
        """From now on every version but the present one is too old."""
        with self._changed:
            self._oldest = self._version
            self._history.clear()

    def close(self):
        with self._changed:
            self._closed.set()
            self._changed.notify_all()

    def _poll(self):
        while not self._closed.wait(_POLL_S):
            self._read()

    def _read(self):
        found = {}
        for path in self.directory.glob('*.json'):
            try:
                status = path.stat()
                stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
                known = self._files.get(path)
                found[path] = (
                    known if known and known[0] == stamp else (stamp, json.loads(path.read_text()))
                )
            except FileNotFoundError:
                continue  # gone between the two looks
            except ValueError as error:
                print(f'{path}: {error}', flush=True)
                if path in self._files:
                    found[path] = self._files[path]
        with self._changed:
            for path in sorted(self._files.keys() | found.keys()):
                old, new = self._files.get(path), found.get(path)
                if old is not new:
                    self._record(path, old and old[1], new)

    def _record(self, path, old, new):
        self._version += 1
        if new:
            stamp, pod = new
            metadata = pod.setdefault('metadata', {})
            metadata.setdefault('namespace', 'default')
            metadata.setdefault('name', path.stem)
            metadata.setdefault('uid', f'uid-{path.stem}')
            metadata['resourceVersion'] = str(self._version)
            pod.setdefault('kind', 'Pod')
            pod.setdefault('apiVersion', 'v1')
            self._files[path] = (stamp, pod)
        else:
            del self._files[path]
        self._history.append((self._version, old, new and new[1]))
        if len(self._history) > _HISTORY:
            self._oldest = self._history.pop(0)[0]
        self._changed.notify_all()


def labels_match(selector, labels):
    """Kubernetes' label selectors: a=b, a==b, a!=b, a, !a, a in (b,c), a notin (b,c), joined by
    commas.
    """
    for term in re.findall(r'(?:[^,(]|\([^)]*\))+', selector):
        term = term.strip()
        if match := re.fullmatch(r'(\S+)\s+(in|notin)\s*\(([^)]*)\)', term):
            name, operator, values = match.groups()
            holds = labels.get(name) in [value.strip() for value in values.split(',')]
            holds = holds if operator == 'in' else not holds
        elif match := re.fullmatch(r'([^=!\s]+)\s*(==|=|!=)\s*(\S*)', term):
            name, operator, value = match.groups()
            holds = (labels.get(name) == value) != (operator == '!=')
        elif match := re.fullmatch(r'(!?)\s*([^=!\s]+)', term):
            holds = (match[2] in labels) != bool(match[1])
        else:
            raise ValueError(f'unable to parse requirement: {term}')
        if not holds:
            return False
    return True


def fields_match(selector, pod):
    """Field selectors (a=b, a==b, a!=b) on the pod fields that Kubernetes supports."""
    fields = {
        'metadata.name': pod['metadata'].get('name', ''),
        'metadata.namespace': pod['metadata'].get('namespace', ''),
        'spec.nodeName': pod.get('spec', {}).get('nodeName', ''),
        'status.phase': pod.get('status', {}).get('phase', ''),
        'status.podIP': pod.get('status', {}).get('podIP', ''),
    }
    for term in filter(None, selector.split(',')):
        match = re.fullmatch(r'([^=!]+)(==|=|!=)(.*)', term.strip())
        if not match or match[1] not in fields:
            raise ValueError(f'field label not supported: {term}')
        if (fields[match[1]] == match[3]) != (match[2] != '!='):
            return False
    return True
