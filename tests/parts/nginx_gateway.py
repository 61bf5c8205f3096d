"""nginx as the gateway that stands before many a receiver: TLS, a bearer token, then the receiver.

gateway.url('/api/v1/write') is where to write; its certificate's authority is
gateway.certificate.ca_file. Tokens are files in a directory, so that one is accepted or withdrawn
without a restart.
"""
import dataclasses
import pathlib

from parts.certificate import Certificate
from parts.nginx import Nginx
from parts.process import free_port

_HTTP = """
  map $http_authorization $token {{ default none; "~^Bearer (?<presented>[A-Za-z0-9]+)$" $presented; }}
  log_format request '$msec $status $request_length $upstream_status';
  access_log {dir}/access.log request;
  client_max_body_size 64m;
  upstream receiver {{ server 127.0.0.1:{receiver_port} max_fails=0; keepalive 8; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate.cert_file};
    ssl_certificate_key {certificate.key_file};
    location / {{
      if (!-f {dir}/tokens/$token) {{ return 401; }}
      proxy_pass http://receiver;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_connect_timeout 2s;
    }}
  }}
"""


@dataclasses.dataclass(frozen=True)
class GatewayRequest:
    end_s: float
    status: int
    request_bytes: int
    upstream_status: str


class NginxGateway(Nginx):
    def __init__(self, directory, receiver_port):
        directory = pathlib.Path(directory).resolve()
        self.certificate = Certificate(directory / 'certificate')
        self.port = free_port()
        self.tokens = directory / 'tokens'
        self.tokens.mkdir()
        super().__init__(
            directory,
            _HTTP.format(
                dir=directory,
                port=self.port,
                receiver_port=receiver_port,
                certificate=self.certificate,
            ),
        )

    def url(self, path):
        return f'https://127.0.0.1:{self.port}{path}'

    def accept(self, token):
        """From now on this token (letters and digits), too."""
        (self.tokens / token).touch()

    def withdraw(self, token):
        (self.tokens / token).unlink()

    def accept_only(self, token):
        self.accept(token)
        for other in self.tokens.iterdir():
            if other.name != token:
                self.withdraw(other.name)

    def requests(self):
        lines = self.access_log.read_text().splitlines() if self.access_log.exists() else []
        rows = [line.split() for line in lines]
        return [
            GatewayRequest(float(row[0]), int(row[1]), int(row[2]), row[3])
            for row in rows
            if len(row) >= 4
        ]
