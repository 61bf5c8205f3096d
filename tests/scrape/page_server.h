// An HTTP server on a thread of its own that answers every request with bytes given by the test.
//
// Used by the tests of scraping. Any number of connections, kept alive; listens on the loopback. An
// empty answer is none: the connection hangs until the client or the server ends.
#ifndef LIMPET_TESTS_SCRAPE_PAGE_SERVER_H_
#define LIMPET_TESTS_SCRAPE_PAGE_SERVER_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace limpet {

class PageServer {
 public:
  // Called on the server's thread with the head of each request.
  using Answer = std::function<std::string(const std::string& head)>;

  explicit PageServer(Answer answer);
  ~PageServer();
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void SetAnswer(Answer answer);
  std::vector<std::string> heads() const;
  int connections() const;

 private:
  struct Client {
    int fd;
    std::string received;
  };
  void Serve();
  void Accept();
  bool ReadAndAnswer(Client& client);

  mutable std::mutex mutex_;
  Answer answer_;
  std::vector<std::string> heads_;
  int connections_ = 0;
  uint16_t port_ = 0;
  int listener_ = -1;
  int stop_pipe_[2] = {-1, -1};
  std::vector<Client> clients_;
  std::thread thread_;
};

// A whole answer with this body.
std::string HttpAnswerText(std::string_view status, std::string_view headers,
                           std::string_view body);
std::string PageAnswer(std::string_view page);
std::string GzipPageAnswer(std::string_view page);

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_PAGE_SERVER_H_
