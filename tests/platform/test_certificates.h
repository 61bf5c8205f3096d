// Certificates for tests, made on the spot: no key lies in the repository, and none expires there.
#ifndef LIMPET_TESTS_PLATFORM_TEST_CERTIFICATES_H_
#define LIMPET_TESTS_PLATFORM_TEST_CERTIFICATES_H_

#include <memory>
#include <string>

typedef struct evp_pkey_st EVP_PKEY;
typedef struct x509_st X509;
typedef struct ssl_ctx_st SSL_CTX;

namespace limpet {

struct TestCertificate {
  std::string cert_pem;
  std::string key_pem;
};

class TestAuthority {
 public:
  // Its own root, or issued by another one.
  explicit TestAuthority(const std::string& name, const TestAuthority* issuer = nullptr);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // `names` as OpenSSL writes them: "DNS:a.example,IP:127.0.0.1"; none if empty. Valid from
  // yesterday on.
  TestCertificate Issue(const std::string& names, int valid_days = 1,
                        const std::string& common_name = "limpet test") const;
  std::string cert_pem() const;
  std::string key_pem() const;

 private:
  EVP_PKEY* key_;
  X509* certificate_;
};

using SslContextPtr = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

// A server's side. With `client_ca_pem`, clients must show a certificate of that authority.
SslContextPtr TestServerContext(const TestCertificate& certificate,
                                const std::string& client_ca_pem = "");

}  // namespace limpet

#endif  // LIMPET_TESTS_PLATFORM_TEST_CERTIFICATES_H_
