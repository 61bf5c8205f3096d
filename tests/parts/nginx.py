"""nginx with a configuration of the test's own, as one process (it dies with the test, workers and
all).

Nginx(directory, http) takes the inside of the http block; nginx_targets.py and nginx_gateway.py
build on it.
"""
import pathlib
import subprocess

from parts.process import Process, binary, wait_until

_CONFIG = """
daemon off;
master_process off;
pid {dir}/nginx.pid;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
  client_body_temp_path {dir}/temp; proxy_temp_path {dir}/temp; fastcgi_temp_path {dir}/temp;
  uwsgi_temp_path {dir}/temp; scgi_temp_path {dir}/temp;
  keepalive_timeout 300s;
  keepalive_requests 10000000;
{http}
}}
"""


class Nginx:
    def __init__(self, directory, http):
        self.directory = pathlib.Path(directory).resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config = self.directory / 'nginx.conf'
        self.config.write_text(_CONFIG.format(dir=self.directory, http=http))
        self.access_log = self.directory / 'access.log'
        self.process = None

    def start(self):
        args = [
            binary('nginx'),
            '-p',
            self.directory,
            '-c',
            self.config,
            '-e',
            self.directory / 'error.log',
        ]
        subprocess.run([*map(str, args), '-t', '-q'], check=True, timeout=60)
        pid_file = self.directory / 'nginx.pid'
        pid_file.unlink(missing_ok=True)
        self.process = Process(args, self.directory / 'log')
        # written once its sockets listen
        wait_until(
            lambda: pid_file.exists() or not self.process.running(),
            20,
            f'nginx started: {pid_file}',
        )
        if not self.process.running():
            raise RuntimeError(f'nginx: {self.process.log_tail()}')
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
