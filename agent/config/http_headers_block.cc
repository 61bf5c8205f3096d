#include <algorithm>

#include "agent/config/http_client_parts.h"
#include "agent/platform/http_proxy.h"

namespace limpet {

namespace {

// What the HTTP client sets itself, as in Prometheus.
constexpr std::string_view kReservedHeaders[] = {
    "authorization",
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "transfer-encoding",
    "www-authenticate",
    "accept-encoding",
    "x-prometheus-remote-write-version",
    "x-prometheus-remote-read-version",
    "x-prometheus-scrape-timeout-seconds",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
};

// Values for a header, each passed to `take`; never quoted.
template <typename Take>
void ReadHeaderValues(MappingReader& reader, std::string_view key, const Take& take) {
  reader.List(key, [&](const YamlNode& item, const std::string& path) {
    if (item.kind != YamlNode::Kind::kScalar) {
      reader.context().AddError(item.place, path,
                                "expected text, found " + std::string(KindOf(item)));
      return;
    }
    const auto value = ReadText(reader.context(), item, path);
    if (!value) return;
    if (!IsHeaderValue(*value)) {
      reader.context().AddError(item.place, path,
                                "must not contain line breaks or other control characters");
    }
    take(*value);
  });
}

void ReadConnectHeaders(ReadContext& context, const YamlNode& node, const std::string& path,
                        std::vector<HttpHeaderSource>& headers) {
  MappingReader reader(context, node, path);
  for (const auto& [name, entry] : reader.entries()) {
    if (!IsHeaderName(name)) reader.KeyError(name, "expected the name of an HTTP header");
    HttpHeaderSource& header = headers.emplace_back();
    header.name = name;
    ReadHeaderValues(reader, name,
                     [&](const std::string& value) { header.secrets.emplace_back(value); });
  }
}

}  // namespace

std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool IsHeaderValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
}

void ReadHttpHeaders(ReadContext& context, const YamlNode& node, const std::string& path,
                     std::vector<HttpHeaderSource>& headers) {
  MappingReader reader(context, node, path);
  for (const auto& [name, entry] : reader.entries()) {
    const std::string lower = AsciiLower(name);
    if (!IsHeaderName(name)) {
      reader.KeyError(name, "expected the name of an HTTP header");
    } else if (lower == "authorization") {
      reader.KeyError(name, "is set with authorization, basic_auth or oauth2");
    } else if (std::find(std::begin(kReservedHeaders), std::end(kReservedHeaders), lower) !=
               std::end(kReservedHeaders)) {
      reader.KeyError(name, "this header is limpet's own and cannot be set");
    }
    const YamlNode* found = reader.Find(name);
    if (found == nullptr) continue;
    HttpHeaderSource& header = headers.emplace_back();
    header.name = name;
    MappingReader values(context, *found, reader.PathOf(name));
    ReadHeaderValues(values, "values",
                     [&](const std::string& value) { header.values.push_back(value); });
    ReadHeaderValues(values, "secrets",
                     [&](const std::string& value) { header.secrets.emplace_back(value); });
    ReadHeaderValues(values, "files", [&](const std::string& value) {
      header.files.push_back(context.ResolveFile(value));
    });
    values.Finish();
  }
}

void ReadProxy(MappingReader& reader, HttpProxyConfig& proxy) {
  Secret text;
  if (reader.SecretText("proxy_url", text) && !text.empty()) {
    auto parsed = ParseHttpProxy(text.Reveal());
    if (parsed) {
      proxy.proxy = *std::move(parsed);
    } else {
      reader.ValueError("proxy_url", parsed.error().message);
    }
  }
  reader.Text("no_proxy", proxy.no_proxy);
  reader.Bool("proxy_from_environment", proxy.from_environment);
  const YamlNode* headers = reader.Find("proxy_connect_header");
  if (headers != nullptr) {
    ReadConnectHeaders(reader.context(), *headers, reader.PathOf("proxy_connect_header"),
                       proxy.connect_headers);
  }
  const bool has_url = reader.IsSet("proxy_url");
  if (proxy.from_environment && has_url) {
    reader.KeyError("proxy_url", "must not be set with proxy_from_environment");
  }
  if (proxy.from_environment && !proxy.no_proxy.empty()) {
    reader.KeyError("no_proxy", "must not be set with proxy_from_environment");
  } else if (!has_url && !proxy.no_proxy.empty()) {
    reader.KeyError("no_proxy", "takes effect with proxy_url only; set that as well");
  }
  if (!proxy.connect_headers.empty() && !has_url && !proxy.from_environment) {
    reader.KeyError("proxy_connect_header",
                    "takes effect with proxy_url or proxy_from_environment only");
  }
}

}  // namespace limpet
