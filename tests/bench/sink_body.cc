#include "tests/bench/sink_body.h"

#include <dlfcn.h>
#include <snappy.h>

namespace limpet {
namespace {

struct Zstd {
  unsigned long long (*content_size)(const void*, size_t) = nullptr;
  size_t (*decompress)(void*, size_t, const void*, size_t) = nullptr;
  unsigned (*is_error)(size_t) = nullptr;

  Zstd() {
    void* library = dlopen("libzstd.so.1", RTLD_NOW);
    if (library == nullptr) return;
    content_size =
        reinterpret_cast<decltype(content_size)>(dlsym(library, "ZSTD_getFrameContentSize"));
    decompress = reinterpret_cast<decltype(decompress)>(dlsym(library, "ZSTD_decompress"));
    is_error = reinterpret_cast<decltype(is_error)>(dlsym(library, "ZSTD_isError"));
  }
  bool usable() const { return content_size && decompress && is_error; }
};

const Zstd& TheZstd() {
  static const Zstd zstd;
  return zstd;
}

bool InflateZstd(const std::string& body, size_t bytes_max, std::string& inflated) {
  const Zstd& zstd = TheZstd();
  if (!zstd.usable()) return false;
  const unsigned long long size = zstd.content_size(body.data(), body.size());
  if (size > bytes_max) return false;  // unknown sizes are enormous ones
  inflated.resize(size);
  const size_t got = zstd.decompress(inflated.data(), size, body.data(), body.size());
  return zstd.is_error(got) == 0 && got == size;
}

}  // namespace

bool CanInflateZstd() { return TheZstd().usable(); }

bool InflateBody(const std::string& encoding, const std::string& body, size_t bytes_max,
                 std::string& inflated) {
  if (encoding == "zstd") return InflateZstd(body, bytes_max, inflated);
  size_t size = 0;
  return encoding == "snappy" && snappy::GetUncompressedLength(body.data(), body.size(), &size) &&
         size <= bytes_max && snappy::Uncompress(body.data(), body.size(), &inflated);
}

}  // namespace limpet
