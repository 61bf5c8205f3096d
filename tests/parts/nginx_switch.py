"""nginx before one or more receivers, each of which can be away or slow at the touch of a file.

    switch = NginxSwitch(work / 'switch', {'a': port_a, 'b': port_b}, slow_requests_s=10)
    switch.url('a', '/api/v1/write')
    switch.set('a', 'down')      # 503 at once; 'slow': so many requests a second; 'up'
"""
import pathlib

from parts.nginx import Nginx
from parts.process import free_port

STATES = ('up', 'down', 'slow')

_HTTP = """
  log_format request '$msec $server_port $status $request_length';
  access_log {dir}/access.log request;
  client_max_body_size 64m;
{zones}
{servers}
"""
_SERVER = """
  upstream {name} {{ server 127.0.0.1:{to} max_fails=0; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_connect_timeout 2s;
    location / {{
      if (-f {dir}/{name}.down) {{ return 503; }}
      if (-f {dir}/{name}.slow) {{ rewrite ^ /slow$uri last; }}
      proxy_pass http://{name};
    }}
    location /slow/ {{
      internal;
      limit_req zone={name} burst=1000;
      rewrite ^/slow(/.*)$ $1 break;
      proxy_pass http://{name};
    }}
  }}
"""


class NginxSwitch(Nginx):
    def __init__(self, directory, receivers, slow_requests_s=10):
        directory = pathlib.Path(directory).resolve()
        self.ports = {name: free_port() for name in receivers}
        zones = '\n'.join(
            f'  limit_req_zone $server_port zone={name}:1m rate={slow_requests_s}r/s;'
            for name in receivers
        )
        servers = ''.join(
            _SERVER.format(dir=directory, name=name, to=to, port=self.ports[name])
            for name, to in receivers.items()
        )
        super().__init__(directory, _HTTP.format(dir=directory, zones=zones, servers=servers))
        self.states = dict.fromkeys(receivers, 'up')

    def url(self, name, path):
        return f'http://127.0.0.1:{self.ports[name]}{path}'

    def set(self, name, state):
        if state not in STATES:
            raise ValueError(state)
        for other in ('down', 'slow'):
            path = self.directory / f'{name}.{other}'
            path.touch() if other == state else path.unlink(missing_ok=True)
        self.states[name] = state
