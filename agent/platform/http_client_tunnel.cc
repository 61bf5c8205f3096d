// A proxy's tunnel (RFC 9110, 9.3.6): CONNECT is sent, and once it is granted, the stream belongs
// to TLS with the origin.
#include <cerrno>
#include <span>
#include <utility>

#include "agent/platform/http_client_state.h"

namespace limpet {
namespace {

constexpr size_t kTunnelHeadBytesMax = 16 * 1024;

std::string HostPort(const Url& url) {
  const bool v6 = url.host.find(':') != url.host.npos;
  return (v6 ? "[" + url.host + "]" : url.host) + ":" + std::to_string(url.port);
}

}  // namespace

void HttpConnection::State::BeginTunnel() {
  phase_ = Phase::kTunnel;
  tunnel_ = std::make_unique<Tunnel>();
  HttpLimits limits;
  limits.header_bytes_max = kTunnelHeadBytesMax;
  tunnel_->parser = HttpResponseParser::Create(limits, *tunnel_);
  const std::string to = HostPort(origin_);
  std::string& head = tunnel_->request;
  head = "CONNECT " + to + " HTTP/1.1\r\nHost: " + to +
         "\r\nUser-Agent: limpet/" LIMPET_VERSION "\r\n";
  if (!proxy_->credentials.empty()) {
    head += "Proxy-Authorization: " + BasicAuthorization(proxy_->credentials.Reveal()) + "\r\n";
  }
  for (const HttpHeaderSource& header : context_->config().proxy.connect_headers) {
    for (const Secret& value : header.secrets) {
      head.append(header.name).append(": ").append(value.Reveal()).append("\r\n");
    }
  }
  head += "\r\n";
  TunnelSome();
}

void HttpConnection::State::TunnelSome() {
  while (true) {
    const bool writes = tunnel_->sent_bytes < tunnel_->request.size();
    const std::span<char> scratch = loop_.scratch();
    const IoResult result =
        writes ? stream_->Write(std::string_view(tunnel_->request).substr(tunnel_->sent_bytes), {})
               : stream_->Read(scratch);
    if (result.status == IoStatus::kWantRead) return stream_->Wait(true, false);
    if (result.status == IoStatus::kWantWrite) return stream_->Wait(false, true);
    if (result.status == IoStatus::kEnd) {
      return Fail(Error{"connection closed by " + Peer() + " before it answered CONNECT"});
    }
    if (result.status == IoStatus::kError) {
      const Error& error = stream_->error();
      return Fail(Error{"CONNECT by way of " + Peer() + ": " + error.message, error.code});
    }
    if (writes) {
      tunnel_->sent_bytes += result.bytes;
      continue;
    }
    using Status = HttpResponseParser::Status;
    const Status status = tunnel_->parser->Feed({scratch.data(), result.bytes});
    if (status == Status::kNeedMore) continue;
    if (status == Status::kAborted) return OnTunnelAnswer();
    return Fail(Error{"answer from " + Peer() + ": " + tunnel_->parser->why()});
  }
}

void HttpConnection::State::OnTunnelAnswer() {
  const int status = tunnel_->status;
  if (status < 200 || status > 299) {
    const char* hint = status == 407 ? " (proxy authentication required)" : "";
    return Fail(Error{Peer() + " refused CONNECT to " + HostPort(origin_) + ": HTTP status " +
                      std::to_string(status) + hint});
  }
  tunnel_.reset();
  AfterProxyHandshake();
}

}  // namespace limpet
