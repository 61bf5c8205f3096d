"""nginx where it matters who the client is: a receiver that asks for its certificate, one that points
elsewhere, and a target that asks for a token and a header.

    with MutualNginx(work / 'mutual', receiver.port, authority) as mutual:
        mutual.trust_only(another)     # from now on; of parts/certificate.py, both
    with NginxSites(work / 'sites', receiver.port, tokens, tenant) as sites:
        sites.set_moved(True)          # 307 at sites.redirect_port, to sites.elsewhere_port
"""
import os
import pathlib

from parts.certificate import Certificate
from parts.nginx import Nginx
from parts.process import free_port

_MUTUAL = """
  log_format request '$status $ssl_client_verify';
  access_log {dir}/access.log request;
  client_max_body_size 64m;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate.cert_file};
    ssl_certificate_key {certificate.key_file};
    ssl_verify_client on;
    ssl_client_certificate {dir}/client_ca.crt;
    location / {{ proxy_pass http://127.0.0.1:{receiver_port}; }}
  }}
"""
_SITES = """
  client_max_body_size 64m;
  log_format request '$server_port $request_method $status "$http_authorization" "$http_x_tenant"';
  access_log {dir}/access.log request;
  server {{
    listen 127.0.0.1:{redirect_port};
    location / {{
      if (-f {dir}/moved) {{ return 307 http://localhost:{elsewhere_port}$request_uri; }}
      proxy_pass http://127.0.0.1:{receiver_port};
    }}
  }}
  server {{
    listen 127.0.0.1:{elsewhere_port};
    location / {{ return 204; }}
  }}
  map $http_authorization $token {{
    default none;
    "~^Bearer (?<presented>[A-Za-z0-9]+)$" $presented;
  }}
  server {{
    listen 127.0.0.1:{target_port};
    location / {{
      if (!-f {tokens}/$token) {{ return 401; }}
      if ($http_x_tenant != "{tenant}") {{ return 403; }}
      default_type text/plain;
      return 200 "guarded 1\\n";
    }}
  }}
"""


class MutualNginx(Nginx):
    """Trusts clients of one authority; trust_only() another one."""

    def __init__(self, directory, receiver_port, authority):
        directory = pathlib.Path(directory).resolve()
        self.certificate = Certificate(directory / 'certificate')
        self.port = free_port()
        self._use(directory, authority)
        http = _MUTUAL.format(
            dir=directory,
            port=self.port,
            receiver_port=receiver_port,
            certificate=self.certificate,
        )
        super().__init__(directory, http)

    @staticmethod
    def _use(directory, authority):
        (directory / 'client_ca.crt').write_bytes(authority.ca_file.read_bytes())

    def trust_only(self, authority):
        self.stop()
        self._use(self.directory, authority)
        self.start()

    def answers(self, status, verified):
        lines = self.access_log.read_text().splitlines()
        return sum(line.startswith(f'{status} {verified}') for line in lines)


class ClientFiles:
    """A client's certificate and key, as a mounted secret has them."""

    def __init__(self, directory, certificate):
        self.cert_file = directory / 'client.crt'
        self.key_file = directory / 'client.key'
        self.use(certificate)

    def use(self, certificate):
        for path, source in (
            (self.cert_file, certificate.cert_file),
            (self.key_file, certificate.key_file),
        ):
            new = path.with_suffix('.new')
            new.write_bytes(source.read_bytes())
            os.replace(new, path)


class NginxSites(Nginx):
    """tokens: a directory of them, as a NginxGateway has it; tenant: the header that the target wants
    to see, too.
    """

    def __init__(self, directory, receiver_port, tokens, tenant):
        directory = pathlib.Path(directory).resolve()
        self.redirect_port, self.elsewhere_port, self.target_port = (free_port() for _ in range(3))
        http = _SITES.format(
            dir=directory,
            redirect_port=self.redirect_port,
            elsewhere_port=self.elsewhere_port,
            target_port=self.target_port,
            receiver_port=receiver_port,
            tokens=tokens,
            tenant=tenant,
        )
        super().__init__(directory, http)
        self.target = f'127.0.0.1:{self.target_port}'

    def set_moved(self, moved):
        path = self.directory / 'moved'
        path.touch() if moved else path.unlink()

    def requests(self, port):
        """What came to that port: ['GET 200 "its Authorization" "its X-Tenant"']."""
        lines = self.access_log.read_text().splitlines()
        return [line.split(' ', 1)[1] for line in lines if line.startswith(f'{port} ')]
