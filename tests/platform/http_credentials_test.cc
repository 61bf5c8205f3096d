#include "agent/platform/http_credentials.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace limpet {
namespace {

class CredentialsDirectory {
 public:
  CredentialsDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "limpet-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~CredentialsDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

// The header's text, "(none)" or the error's.
std::string HeaderOf(HttpCredentials& credentials) {
  const auto header = credentials.AuthorizationHeader();
  if (!header) return "error: " + header.error().message;
  return header->value_or("(none)");
}

HttpClientConfig WithToken(std::string token, std::string file = "") {
  HttpClientConfig config;
  config.authorization.emplace();
  config.authorization->credentials = Secret(std::move(token));
  config.authorization->credentials_file = std::move(file);
  return config;
}

TEST_CASE("no credentials, no header") {
  HttpCredentials none{HttpClientConfig()};
  CHECK(HeaderOf(none) == "(none)");
  HttpCredentials empty{WithToken("")};
  CHECK(HeaderOf(empty) == "(none)");
}

TEST_CASE("authorization from a value") {
  HttpCredentials bearer{WithToken("abc")};
  CHECK(HeaderOf(bearer) == "Bearer abc");
  HttpClientConfig config = WithToken("abc");
  config.authorization->type = "Token";
  HttpCredentials other{config};
  CHECK(HeaderOf(other) == "Token abc");
}

TEST_CASE("basic_auth is base64 of user and password") {
  HttpClientConfig config;
  config.basic_auth.emplace();
  config.basic_auth->username = "Aladdin";
  config.basic_auth->password = Secret("open sesame");  // RFC 7617, 2
  HttpCredentials credentials{config};
  CHECK(HeaderOf(credentials) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  config.basic_auth->username = "";
  config.basic_auth->password = Secret("");
  HttpCredentials empty{config};
  CHECK(HeaderOf(empty) == "Basic Og==");
}

TEST_CASE("a token file is read again once it has changed") {
  const CredentialsDirectory directory;
  const std::string path = directory / "token";
  WriteFile(path, " one\n");
  HttpCredentials credentials{WithToken("", path)};
  CHECK(HeaderOf(credentials) == "Bearer one");
  CHECK(HeaderOf(credentials) == "Bearer one");
  // The same size, by rename, as editors and the kubelet do it.
  WriteFile(directory / "new", " two\n");
  std::filesystem::rename(directory / "new", path);
  CHECK(HeaderOf(credentials) == "Bearer two");
  WriteFile(path, "three\r\n");
  CHECK(HeaderOf(credentials) == "Bearer three");
  std::filesystem::remove(path);
  CHECK(HeaderOf(credentials).starts_with("error: "));
  WriteFile(path, "four");
  CHECK(HeaderOf(credentials) == "Bearer four");
}

TEST_CASE("a swapped link is followed") {
  const CredentialsDirectory directory;
  for (const char* version : {"v1", "v2"}) {
    std::filesystem::create_directory(directory / version);
    WriteFile(directory / version + "/token", version);
  }
  std::filesystem::create_symlink("v1", directory / "..data");
  std::filesystem::create_symlink("..data/token", directory / "token");
  HttpCredentials credentials{WithToken("", directory / "token")};
  CHECK(HeaderOf(credentials) == "Bearer v1");
  std::filesystem::create_symlink("v2", directory / "..data_tmp");
  std::filesystem::rename(directory / "..data_tmp", directory / "..data");
  CHECK(HeaderOf(credentials) == "Bearer v2");
}

TEST_CASE("a password file is trimmed too") {
  const CredentialsDirectory directory;
  WriteFile(directory / "password", "open sesame\n\n");
  HttpClientConfig config;
  config.basic_auth.emplace();
  config.basic_auth->username = "Aladdin";
  config.basic_auth->password_file = directory / "password";
  HttpCredentials credentials{config};
  CHECK(HeaderOf(credentials) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_CASE("errors name the file and not what is in it") {
  const CredentialsDirectory directory;
  const std::string path = directory / "token";
  HttpCredentials credentials{WithToken("", path)};
  const auto missing = credentials.AuthorizationHeader();
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ENOENT);
  CHECK(missing.error().message.find(path) != std::string::npos);
  for (const std::string& content :
       {std::string("hunter2\nhunter2"), std::string(70000, 'h') + "unter2", std::string(" \n")}) {
    WriteFile(path, content);
    const std::string text = HeaderOf(credentials);
    CHECK(text.starts_with("error: "));
    CHECK(text.find(path) != std::string::npos);
    CHECK(text.find("unter2") == std::string::npos);
  }
}

}  // namespace
}  // namespace limpet
