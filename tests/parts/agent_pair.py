"""limpet and Prometheus 3 in agent mode beside each other: the same jobs, a strict sink for each.

    with AgentPair(work, lambda agent: [job, ...], '1s') as pair:
        pair.sinks['limpet'].raw()
        pair.get('/api/v1/targets')        # {agent: JSON}
        pair.change(lambda agent: [...])   # to other jobs

The jobs are made for each agent by itself, so that each can have targets of its own.
"""
import contextlib
import json
import pathlib

from parts.fetch import fetch
from parts.limpet import Limpet
from parts.prometheus_agent import PrometheusAgent
from parts.sink import Sink

AGENTS = ('prometheus', 'limpet')
# Targets go from its discovery to its scraping every 5 s otherwise.
_FLAGS = ['--enable-feature=extra-scrape-metrics', '--scrape.discovery-reload-interval=100ms']


class AgentPair:
    def __init__(self, directory, jobs_of, interval):
        self.directory = pathlib.Path(directory)
        self.jobs_of = jobs_of
        self.interval = interval
        self.sinks = {agent: Sink(self.directory / f'{agent}-sink', '--strict') for agent in AGENTS}
        self._stack = contextlib.ExitStack()

    def _config(self, agent):
        times = {'scrape_interval': self.interval, 'scrape_timeout': self.interval}
        remote_write = {
            'url': self.sinks[agent].write_url,
            # one lane, so that what was scraped before has arrived before
            'queue_config': {'max_shards': 1, 'batch_send_deadline': '500ms'},
        }
        if agent == 'prometheus':
            remote_write['metadata_config'] = {'send': False}
        else:
            times['extra_scrape_metrics'] = True
        return {
            'global': times,
            'scrape_configs': self.jobs_of(agent),
            'remote_write': [remote_write],
        }

    def change(self, jobs_of):
        self.jobs_of = jobs_of
        self.prometheus.reload(self._config('prometheus'))
        self.limpet.write_config(self._config('limpet'))

    def get(self, path, as_json=json.loads):
        """as_json: makes it of the text."""
        return {
            agent: as_json(fetch(program.url + path, timeout_s=20).text)
            for agent, program in zip(AGENTS, (self.prometheus, self.limpet))
        }

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            for sink in self.sinks.values():
                stack.enter_context(sink)
            self.prometheus = stack.enter_context(
                PrometheusAgent(
                    self.directory / 'prometheus', self._config('prometheus'), flags=_FLAGS
                )
            )
            self.limpet = stack.enter_context(
                Limpet(self.directory / 'limpet', self._config('limpet'))
            )
            self.limpet.wait_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()
