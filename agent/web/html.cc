#include "agent/web/html.h"

#include "agent/platform/utf8.h"

namespace limpet {
namespace {

constexpr std::string_view kStyle =
    "body{font:14px/1.4 system-ui,sans-serif;margin:1.5em;color:#222}"
    "table{border-collapse:collapse;width:100%;margin-bottom:1.5em}"
    "th,td{text-align:left;vertical-align:top;padding:.3em .6em;border-bottom:1px solid #ddd}"
    "td.url,td.error{word-break:break-word}"
    "code{background:#f2f2f2;padding:0 .3em;margin:0 .2em .2em 0;display:inline-block;"
    "word-break:break-all}"
    ".up{color:#06662b}.down{color:#a40e26}.unknown{color:#666}"
    "nav a{margin-right:1em}";

}  // namespace

std::string HtmlText(std::string_view text) {
  std::string out;
  for (const char c : ToValidUtf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // HTML has no way to write the others.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
    }
  }
  return out;
}

HttpServerResponse HtmlPage(std::string_view title, std::string_view body) {
  HttpServerResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'none'"},
                      {"Referrer-Policy", "no-referrer"}};
  std::string& out = response.body;
  out += "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
  out += HtmlText(title);
  out += "</title><style>";
  out += kStyle;
  out +=
      "</style></head><body>\n<nav><a href=\"/\">limpet</a> <a href=\"/targets\">targets</a>"
      "<a href=\"/health\">health</a><a href=\"/metrics\">metrics</a></nav>\n<h1>";
  out += HtmlText(title);
  out += "</h1>\n";
  out += body;
  out += "</body></html>\n";
  return response;
}

}  // namespace limpet
