"""node_exporter, a real target, on a loopback address of its own choosing (a pod IP where a test
needs one).
"""
import pathlib

from parts.process import Process, binary, free_port


class NodeExporter:
    def __init__(self, directory, address='127.0.0.1', port=None, name='node_exporter'):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.ip = address
        self.port = port or free_port(address)
        self.address = f'{self.ip}:{self.port}'
        self.process = None

    def start(self):
        self.process = Process(
            [binary('node_exporter'), f'--web.listen-address={self.address}'],
            self.directory / f'{self.name}.log',
        )
        self.process.wait_http(f'http://{self.address}/metrics')
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
