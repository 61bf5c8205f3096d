// Pages of both text formats, valid, nearly valid and broken, made of a row of choices.
//
// Who calls it: tests, with random choices, and the fuzzer, which has its input choose, so that it
// gets beyond the first lines; any thread.
#ifndef LIMPET_TESTS_SCRAPE_EXPOSITION_GENERATOR_H_
#define LIMPET_TESTS_SCRAPE_EXPOSITION_GENERATOR_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace limpet {

class ExpositionGenerator {
 public:
  // choose(n) gives a number below n.
  ExpositionGenerator(bool openmetrics, std::function<size_t(size_t)> choose)
      : openmetrics_(openmetrics), choose_(std::move(choose)) {}

  std::string Page();

 private:
  using Texts = std::vector<std::string>;
  bool OneIn(size_t n) { return choose_(n) == n - 1; }
  const std::string& OneOf(const Texts& texts) { return texts[choose_(texts.size())]; }
  std::string Blank(size_t least);
  std::string Comment();
  std::string Sample();
  std::string Labels();
  std::string Number();
  std::string Timestamp();
  std::string Exemplar();

  bool openmetrics_;
  std::function<size_t(size_t)> choose_;
};

}  // namespace limpet

#endif  // LIMPET_TESTS_SCRAPE_EXPOSITION_GENERATOR_H_
