#include "agent/platform/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <optional>

#include "agent/platform/file_system.h"

namespace limpet {
namespace {

constexpr size_t kPemBytesMax = 4 * 1024 * 1024;  // a bundle of all public roots is 220 KB

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct KeyDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using BioPtr = std::unique_ptr<BIO, BioDeleter>;
using X509Ptr = std::unique_ptr<X509, X509Deleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, KeyDeleter>;

// PEM text and what to call it in an error.
struct PemSource {
  std::string name;
  std::string text;
};

Result<PemSource> LoadPem(std::string_view what, const std::string& text, const std::string& file) {
  if (!text.empty() || file.empty()) return PemSource{std::string(what), text};
  auto content = ReadWholeFile(file, kPemBytesMax);
  if (!content) {
    return Error{std::string(what) + "_file: " + content.error().message, content.error().code};
  }
  return PemSource{std::string(what) + "_file " + file, std::move(*content)};
}

BioPtr OpenText(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// An encrypted key has nobody to ask for its pass phrase; OpenSSL's own way is to ask the terminal.
int NoPassPhrase(char*, int, int, void*) { return -1; }

// The end of a PEM text is reported as an error as well; any other one is a broken entry.
bool EndedCleanly() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

Result<void> TrustRoots(SSL_CTX* context, const PemSource& source) {
  ERR_clear_error();
  const BioPtr bio = OpenText(source.text);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  int count = 0;
  while (const X509Ptr root{PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassPhrase, nullptr)}) {
    if (X509_STORE_add_cert(store, root.get()) != 1) {
      return Error{source.name + ": " + TlsErrorText()};
    }
    ++count;
  }
  if (!EndedCleanly()) return Error{source.name + ": " + TlsErrorText()};
  ERR_clear_error();
  if (count == 0) return Error{source.name + ": no certificate in it"};
  return {};
}

Result<void> UseCertificateChain(SSL_CTX* context, const PemSource& source) {
  ERR_clear_error();
  const BioPtr bio = OpenText(source.text);
  const X509Ptr own{PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassPhrase, nullptr)};
  if (own == nullptr) {
    if (EndedCleanly()) return Error{source.name + ": no certificate in it"};
    return Error{source.name + ": " + TlsErrorText()};
  }
  if (SSL_CTX_use_certificate(context, own.get()) != 1) {
    return Error{source.name + ": " + TlsErrorText()};
  }
  while (X509* const issuer = PEM_read_bio_X509(bio.get(), nullptr, NoPassPhrase, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, issuer) != 1) {
      X509_free(issuer);
      return Error{source.name + ": " + TlsErrorText()};
    }
  }
  if (!EndedCleanly()) return Error{source.name + ": " + TlsErrorText()};
  ERR_clear_error();
  return {};
}

Result<void> UseKey(SSL_CTX* context, const PemSource& source) {
  ERR_clear_error();
  const BioPtr bio = OpenText(source.text);
  const KeyPtr key{PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassPhrase, nullptr)};
  if (key == nullptr) {
    ERR_clear_error();
    return Error{source.name + ": no private key in it, or one that is encrypted or broken"};
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return Error{source.name + ": does not fit the certificate: " + TlsErrorText()};
  }
  return {};
}

// 0 for none; nothing where the text is none of them.
std::optional<int> ProtocolVersion(const std::string& text) {
  if (text.empty()) return 0;
  if (text == "TLS10") return TLS1_VERSION;
  if (text == "TLS11") return TLS1_1_VERSION;
  if (text == "TLS12") return TLS1_2_VERSION;
  if (text == "TLS13") return TLS1_3_VERSION;
  return std::nullopt;
}

Result<void> SetVersions(SSL_CTX* context, const TlsConfig& config) {
  const auto min = ProtocolVersion(config.min_version);
  const auto max = ProtocolVersion(config.max_version);
  if (!min || !max) {
    return Error{std::string(min ? "max" : "min") +
                 "_version: must be TLS10, TLS11, TLS12 or TLS13"};
  }
  const int least = *min == 0 ? TLS1_2_VERSION : *min;
  if (*max != 0 && *max < least) return Error{"max_version: is less than min_version"};
  // OpenSSL's usual security level rules out what the old versions are built from.
  const bool old = least < TLS1_2_VERSION;
  if (SSL_CTX_set_min_proto_version(context, least) != 1 ||
      SSL_CTX_set_max_proto_version(context, *max) != 1 ||
      (old && SSL_CTX_set_cipher_list(context, "DEFAULT@SECLEVEL=0") != 1)) {
    return Error{"min_version, max_version: " + TlsErrorText()};
  }
  return {};
}

Result<void> LoadTrust(SSL_CTX* context, const TlsConfig& config) {
  if (config.ca.empty() && config.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return Error{"the system's root certificates: " + TlsErrorText()};
    }
    return {};
  }
  auto source = LoadPem("ca", config.ca, config.ca_file);
  if (!source) return source.error();
  return TrustRoots(context, *source);
}

Result<void> LoadIdentity(SSL_CTX* context, const TlsConfig& config) {
  const bool has_certificate = !config.cert.empty() || !config.cert_file.empty();
  const bool has_key = !config.key.empty() || !config.key_file.empty();
  if (has_certificate != has_key) {
    return Error{has_key ? "a client key needs a client certificate"
                         : "a client certificate needs a client key"};
  }
  if (!has_certificate) return {};
  auto certificate = LoadPem("cert", config.cert, config.cert_file);
  if (!certificate) return certificate.error();
  if (auto used = UseCertificateChain(context, *certificate); !used) return used.error();
  auto key = LoadPem("key", config.key.Reveal(), config.key_file);
  if (!key) return key.error();
  auto used = UseKey(context, *key);
  OPENSSL_cleanse(key->text.data(), key->text.size());
  return used;
}

}  // namespace

std::string TlsErrorText() {
  const unsigned long error = ERR_peek_last_error();
  const char* const reason = ERR_reason_error_string(error);
  ERR_clear_error();
  if (reason != nullptr) return reason;
  return error == 0 ? "unknown error" : "OpenSSL error " + std::to_string(error);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::Create(const TlsConfig& config) {
  ERR_clear_error();
  const std::shared_ptr<TlsContext> context(new TlsContext());
  context->server_name_ = config.server_name;
  context->verifies_ = !config.insecure_skip_verify;
  SSL_CTX* const native = SSL_CTX_new(TLS_client_method());
  if (native == nullptr) return Error{"TLS: " + TlsErrorText()};
  context->context_ = native;
  SSL_CTX_set_verify(native, context->verifies_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  // What the ca holds is trusted as it is; without this OpenSSL goes on until it has a root.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(native), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                               SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(native, kProtocols, sizeof(kProtocols) - 1);
  if (auto set = SetVersions(native, config); !set) return set.error();
  if (auto loaded = LoadTrust(native, config); !loaded) return loaded.error();
  if (auto loaded = LoadIdentity(native, config); !loaded) return loaded.error();
  return std::shared_ptr<const TlsContext>(context);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

}  // namespace limpet
