#include "agent/config/blocks.h"

namespace limpet {

void ReadHttpSd(ReadContext& context, const YamlNode& node, const std::string& path,
                HttpSdConfig& http) {
  MappingReader reader(context, node, path);
  if (!reader.IsMapping()) return;
  if (reader.HttpUrl("url", http.url)) {
    reader.Text("url", http.url_text);
  } else if (!reader.Has("url")) {
    reader.Error("url is missing: where to ask for targets");
  }
  reader.PositiveDuration("refresh_interval", http.refresh_interval);
  ReadHttpClient(reader, http.http);
  reader.Finish();
}

}  // namespace limpet
