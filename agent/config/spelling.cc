#include "agent/config/spelling.h"

#include <algorithm>
#include <array>
#include <string>

namespace limpet {

namespace {

constexpr size_t kWordBytesMax = 64;

// Edits from one word to the other: insert, delete, replace, swap two neighbours.
size_t Distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kWordBytesMax + 1>, kWordBytesMax + 1> edits;
  for (size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({replaced, edits[i - 1][j] + 1, edits[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
      }
    }
  }
  return edits[a.size()][b.size()];
}

// scrapeInterval and scrape-interval are the same word as scrape_interval.
std::string Folded(std::string_view word) {
  std::string folded;
  for (const char c : word) {
    if (c == '_' || c == '-') continue;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return folded;
}

}  // namespace

std::string_view NearestSpelling(std::string_view word,
                                 const std::vector<std::string_view>& known) {
  if (word.size() > kWordBytesMax) return {};
  const std::string folded = Folded(word);
  std::string_view nearest;
  size_t nearest_distance = word.size() <= 4 ? 2 : 3;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kWordBytesMax) continue;
    const size_t distance = Folded(candidate) == folded ? 0 : Distance(word, candidate);
    if (distance >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  return nearest;
}

}  // namespace limpet
