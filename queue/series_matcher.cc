#include "queue/series_matcher.h"

#include <algorithm>
#include <utility>

namespace limpet {

class SeriesMatcher::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  Result<SeriesMatcher> Run() {
    if (text_.size() > kMatcherTextMax) return Error{"a selector is too long"};
    SkipSpace();
    if (const std::string_view name = TakeName(true); !name.empty()) AddName(std::string(name));
    SkipSpace();
    if (Take('{')) {
      if (auto taken = TakeConditions(); !taken) return taken.error();
    }
    SkipSpace();
    if (!rest_.empty()) return Unexpected("the end");
    if (matcher_.conditions_.empty()) return Unexpected("a metric's name or {label=\"value\"}");
    return std::move(matcher_);
  }

 private:
  Result<void> TakeConditions() {
    for (;;) {
      SkipSpace();
      if (Take('}')) return {};
      if (auto taken = TakeCondition(); !taken) return taken;
      SkipSpace();
      if (Take(',')) continue;
      SkipSpace();
      if (Take('}')) return {};
      return Unexpected("',' or '}'");
    }
  }

  Result<void> TakeCondition() {
    std::string name(TakeName(false));
    const bool quoted = name.empty();
    if (quoted) {
      auto taken = TakeQuoted("a label's name");
      if (!taken) return taken.error();
      name = std::move(*taken);
    }
    SkipSpace();
    Condition condition{Kind::kEqual, std::move(name), {}, {}};
    if (Take('=')) {
      condition.kind = Take('~') ? Kind::kMatch : Kind::kEqual;
    } else if (Take('!')) {
      if (Take('~')) {
        condition.kind = Kind::kNotMatch;
      } else if (Take('=')) {
        condition.kind = Kind::kNotEqual;
      } else {
        return Unexpected("'!=' or '!~'");
      }
    } else if (quoted) {
      AddName(std::move(condition.name));
      return {};
    } else {
      return Unexpected("'=', '!=', '=~' or '!~'");
    }
    SkipSpace();
    auto value = TakeQuoted("a quoted value");
    if (!value) return value.error();
    condition.value = std::move(*value);
    if (condition.kind == Kind::kMatch || condition.kind == Kind::kNotMatch) {
      auto regex = AnchoredRegex::Compile(condition.value);
      if (!regex) return Error{"\"" + condition.value + "\": " + regex.error().message};
      condition.regex = std::move(*regex);
    }
    matcher_.conditions_.push_back(std::move(condition));
    return {};
  }

  void AddName(std::string name) {
    matcher_.conditions_.push_back({Kind::kEqual, "__name__", std::move(name), {}});
  }

  std::string_view TakeName(bool metric) {
    size_t length = 0;
    while (length < rest_.size()) {
      const std::string_view longer = rest_.substr(0, length + 1);
      if (!(metric ? IsLegacyMetricName(longer) : IsLegacyLabelName(longer))) break;
      ++length;
    }
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return name;
  }

  Result<std::string> TakeQuoted(std::string_view what) {
    const char quote = rest_.empty() ? '\0' : rest_.front();
    if (quote != '"' && quote != '\'' && quote != '`') return Unexpected(what);
    rest_.remove_prefix(1);
    std::string value;
    while (!rest_.empty()) {
      if (Take(quote)) return value;
      if (quote != '`' && Take('\\')) {
        static constexpr std::string_view kLetters = "\\\"'nt";
        static constexpr std::string_view kMeanings = "\\\"'\n\t";
        const size_t letter = rest_.empty() ? std::string_view::npos : kLetters.find(rest_.front());
        // Said, because "a\.b" would else quietly mean any character in the middle.
        if (letter == std::string_view::npos) return Unexpected("one of \\ \" ' n t behind \\");
        value.push_back(kMeanings[letter]);
      } else {
        value.push_back(rest_.front());
      }
      rest_.remove_prefix(1);
    }
    return Unexpected("a closing quote");
  }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void SkipSpace() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size()));
  }

  Error Unexpected(std::string_view expected) const {
    return Error{"expected " + std::string(expected) + " at character " +
                 std::to_string(text_.size() - rest_.size() + 1) + " of " + std::string(text_)};
  }

  const std::string_view text_;
  std::string_view rest_;
  SeriesMatcher matcher_;
};

Result<SeriesMatcher> SeriesMatcher::Parse(std::string_view text) { return Parser(text).Run(); }

bool SeriesMatcher::Matches(const Labels& labels) const {
  return std::ranges::all_of(conditions_, [&](const Condition& condition) {
    const std::string_view value = labels.Get(condition.name);
    switch (condition.kind) {
      case Kind::kEqual:
        return value == condition.value;
      case Kind::kNotEqual:
        return value != condition.value;
      case Kind::kMatch:
        return condition.regex.Matches(value);
      case Kind::kNotMatch:
        return !condition.regex.Matches(value);
    }
    return false;
  });
}

}  // namespace limpet
