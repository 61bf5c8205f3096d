"""The end of an outage, watched: from the receiver's return until the agent has caught up."""
import itertools
import threading
import time

# Live samples that may be on their way while an agent counts as caught up: an interval, and the
# longest that any of them lets a batch wait.
_BATCH_WAIT_S = 6
# How long an agent that has caught up is watched for what it still lacks.
_SETTLE_S = 8
_BUCKET_S = 0.01  # of the sink's timeline


class Drain:
    """run: the Run of outage.py that it is about."""

    def __init__(self, run, timeout_s):
        self.run_ = run
        self.timeout_s = timeout_s
        self.lag_s = run.interval_s + _BATCH_WAIT_S
        self.cpu = []  # (time, CPU seconds)
        self.rss = 0.0

    def run(self):
        self.up_s = time.time()
        self.run_.sink.start()
        watching = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(watching,))
        watcher.start()
        try:
            while not self._caught_up() and time.time() - self.up_s < self.timeout_s:
                time.sleep(0.5)
        finally:
            watching.set()
            watcher.join()
        time.sleep(_SETTLE_S)
        self.stop_s = time.time()
        while self.run_.sink.stats()['waiting']:
            time.sleep(0.2)
        self.counts = self.run_.sink.counts() or {'samples': 0, 'body_bytes': 0, 'timeline': []}

    def _watch(self, ended):
        while not ended.wait(0.05):
            self.cpu.append((time.time(), self.run_.peer.cpu_s()))
            self.rss = max(self.rss, self.run_.peer.resident_mib())

    def _caught_up(self):
        counts = self.run_.sink.counts()
        delivered = counts['samples'] if counts else 0
        return delivered >= self.run_.scraped(self.run_.down_s, time.time() - self.lag_s)

    def _caught_up_s(self):
        """The first moment at which nothing older than the lag was missing."""
        delivered = 0
        for at_ms, samples, _ in self.counts['timeline']:
            delivered += samples
            end_s = at_ms / 1000 + _BUCKET_S
            if delivered >= self.run_.scraped(self.run_.down_s, end_s - self.lag_s):
                return end_s
        return None

    def _missing(self):
        """Samples that it lacks even when nothing much is on its way: the least of its last
        seconds.
        """
        delivered, least = self.run_.delivered_before, None
        for at_ms, samples, _ in self.counts['timeline']:
            delivered += samples
            end_s = at_ms / 1000 + _BUCKET_S
            if self.stop_s - _SETTLE_S < end_s < self.stop_s:
                missing = max(self.run_.scraped(0, end_s - _BUCKET_S) - delivered, 0)
                least = missing if least is None else min(least, missing)
        return self.run_.scraped(0, self.stop_s) - delivered if least is None else least

    def _cpu_at(self, moment_s):
        for (before_s, cpu), (after_s, next_cpu) in itertools.pairwise(self.cpu):
            if before_s <= moment_s <= after_s:
                share = (moment_s - before_s) / (after_s - before_s)
                return cpu + (next_cpu - cpu) * share
        return self.cpu[-1][1] if moment_s > self.cpu[-1][0] else self.cpu[0][1]

    def result(self):
        """The row's cells; without a rate where nothing arrived."""
        timeline = self.counts['timeline']
        missing, scraped = self._missing(), self.run_.scraped(0, self.stop_s)
        row = {
            'rss_drain': self.rss,
            'delivered': (1 - missing / scraped) * 100,
            # a second of live samples may always be on its way
            'complete': missing <= self.run_.scraped(self.stop_s - 1, self.stop_s),
        }
        if not timeline:
            return row
        first_s = timeline[0][0] / 1000
        end_s = self._caught_up_s() or self.stop_s
        drained = [entry for entry in timeline if entry[0] / 1000 < end_s]
        samples = sum(entry[1] for entry in drained)
        cpu_s = self._cpu_at(end_s) - self._cpu_at(first_s)
        row['first_s'] = max(first_s - self.up_s, 0)
        row['drain_rate'] = samples / max(end_s - first_s, _BUCKET_S)
        row['drain_rate_cpu'] = samples / max(cpu_s, 0.01)
        row['wire_backlog'] = sum(entry[2] for entry in drained) / max(samples, 1)
        return row
