#include "tests/platform/test_certificates.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace limpet {
namespace {

constexpr long kDaySeconds = 24 * 3600;

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;

void Require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL in a test");
}

BioPtr ReaderOf(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
}

template <typename Write>
std::string ToPem(Write write) {
  const BioPtr bio(BIO_new(BIO_s_mem()), BIO_free);
  Require(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string CertificatePem(X509* certificate) {
  return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string KeyPem(EVP_PKEY* key) {
  return ToPem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  Require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Unsigned as yet.
X509* NewCertificate(EVP_PKEY* key, const std::string& name, int valid_days) {
  static std::atomic<long> serial = 1;
  X509* const certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * kDaySeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), valid_days * kDaySeconds);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name, const TestAuthority* issuer)
    : key_(EVP_EC_gen("P-256")), certificate_(NewCertificate(key_, name, 1)) {
  if (issuer == nullptr) issuer = this;
  X509_set_issuer_name(certificate_, X509_get_subject_name(issuer->certificate_));
  AddExtension(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  Require(X509_sign(certificate_, issuer->key_, EVP_sha256()) > 0);
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TestCertificate TestAuthority::Issue(const std::string& names, int valid_days,
                                     const std::string& common_name) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = NewCertificate(key, common_name, valid_days);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  if (!names.empty()) AddExtension(certificate, NID_subject_alt_name, names);
  Require(X509_sign(certificate, key_, EVP_sha256()) > 0);
  TestCertificate pem = {CertificatePem(certificate), KeyPem(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pem;
}

std::string TestAuthority::cert_pem() const { return CertificatePem(certificate_); }

std::string TestAuthority::key_pem() const { return KeyPem(key_); }

SslContextPtr TestServerContext(const TestCertificate& certificate,
                                const std::string& client_ca_pem) {
  SslContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  X509* const x509 =
      PEM_read_bio_X509(ReaderOf(certificate.cert_pem).get(), nullptr, nullptr, nullptr);
  EVP_PKEY* const key =
      PEM_read_bio_PrivateKey(ReaderOf(certificate.key_pem).get(), nullptr, nullptr, nullptr);
  Require(SSL_CTX_use_certificate(context.get(), x509) == 1);
  Require(SSL_CTX_use_PrivateKey(context.get(), key) == 1);
  X509_free(x509);
  EVP_PKEY_free(key);
  if (!client_ca_pem.empty()) {
    X509* const ca = PEM_read_bio_X509(ReaderOf(client_ca_pem).get(), nullptr, nullptr, nullptr);
    Require(X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca) == 1);
    X509_free(ca);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace limpet
