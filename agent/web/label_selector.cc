#include "agent/web/label_selector.h"

#include <algorithm>
#include <utility>

namespace limpet {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLabelChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || IsDigit(c);
}

}  // namespace

class LabelSelector::Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<void> Run(std::vector<Matcher>& matchers) {
    SkipBlanks();
    const std::string_view name = TakeName(true);
    if (!name.empty()) AddName(std::string(name), matchers);
    SkipBlanks();
    if (Take("{")) {
      if (auto read = ReadMatchers(matchers); !read) return read;
      SkipBlanks();
    } else if (name.empty()) {
      return Wrong("expected a metric name or '{'");
    }
    return at_ == text_.size() ? Result<void>() : Wrong("unexpected text behind the selector");
  }

 private:
  Result<void> ReadMatchers(std::vector<Matcher>& matchers) {
    for (;;) {
      SkipBlanks();
      if (Take("}")) return {};
      if (auto read = ReadMatcher(matchers); !read) return read;
      SkipBlanks();
      if (Take(",")) continue;
      return Take("}") ? Result<void>() : Wrong("expected ',' or '}'");
    }
  }

  Result<void> ReadMatcher(std::vector<Matcher>& matchers) {
    Matcher matcher;
    const bool quoted = AtQuote();
    if (quoted) {
      auto name = TakeString();
      if (!name) return name.error();
      matcher.name = std::move(*name);
    } else {
      matcher.name = TakeName(false);
    }
    if (matcher.name.empty()) return Wrong("expected a label name");
    SkipBlanks();
    if (quoted && (AtEnd() || text_[at_] == ',' || text_[at_] == '}')) {
      AddName(std::move(matcher.name), matchers);
      return {};
    }
    if (Take("=~")) {
      matcher.is_regex = true;
    } else if (Take("!~")) {
      matcher.is_regex = matcher.negated = true;
    } else if (Take("!=")) {
      matcher.negated = true;
    } else if (!Take("=")) {
      return Wrong("expected one of = != =~ !~");
    }
    SkipBlanks();
    if (!AtQuote()) return Wrong("expected a quoted text");
    auto value = TakeString();
    if (!value) return value.error();
    matcher.value = std::move(*value);
    if (matcher.is_regex) {
      auto regex = AnchoredRegex::Compile(matcher.value);
      if (!regex) return Wrong("invalid regular expression: " + regex.error().message);
      matcher.regex = std::move(*regex);
    }
    matchers.push_back(std::move(matcher));
    return {};
  }

  static void AddName(std::string name, std::vector<Matcher>& matchers) {
    matchers.push_back({"__name__", std::move(name), false, false, {}});
  }

  // In quotes as Go's: between backticks nothing is escaped.
  Result<std::string> TakeString() {
    const char quote = text_[at_++];
    std::string out;
    for (; !AtEnd() && text_[at_] != quote; ++at_) {
      char c = text_[at_];
      if (c == '\n' && quote != '`') break;
      if (c == '\\' && quote != '`') {
        if (++at_ == text_.size()) break;
        constexpr std::string_view kEscaped = "abfnrtv\\'\"";
        const size_t known = kEscaped.find(text_[at_]);
        if (known == std::string_view::npos) return Wrong("unknown escape").error();
        c = "\a\b\f\n\r\t\v\\'\""[known];
      }
      out += c;
    }
    if (AtEnd() || text_[at_] != quote) return Wrong("unterminated quoted text").error();
    ++at_;
    return out;
  }

  std::string_view TakeName(bool of_metric) {
    const size_t begin = at_;
    if (!AtEnd() && IsDigit(text_[at_])) return {};
    while (!AtEnd() && (IsLabelChar(text_[at_]) || (of_metric && text_[at_] == ':'))) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  bool Take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void SkipBlanks() {
    while (!AtEnd() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }
  bool AtEnd() const { return at_ == text_.size(); }
  bool AtQuote() const {
    return !AtEnd() && (text_[at_] == '"' || text_[at_] == '\'' || text_[at_] == '`');
  }
  Result<void> Wrong(const std::string& what) const {
    return Error{what + " at character " + std::to_string(at_ + 1)};
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool LabelSelector::Matcher::Matches(std::string_view of_label) const {
  return (is_regex ? regex.Matches(of_label) : of_label == value) != negated;
}

Result<LabelSelector> LabelSelector::Parse(std::string_view text) {
  LabelSelector selector;
  if (auto read = Reader(text).Run(selector.matchers_); !read) return read.error();
  return selector;
}

bool LabelSelector::Matches(const Labels& labels) const {
  return std::all_of(matchers_.begin(), matchers_.end(), [&](const Matcher& matcher) {
    return matcher.Matches(labels.Get(matcher.name));
  });
}

}  // namespace limpet
