#include "tests/scrape/exposition_generator.h"

#include <algorithm>

namespace limpet {

std::string ExpositionGenerator::Page() {
  std::string page;
  for (size_t lines = choose_(8); lines > 0; --lines) page += OneIn(3) ? Comment() : Sample();
  if (openmetrics_) {
    page += OneOf({"# EOF\n", "# EOF\n", "# EOF\n", "# EOF", "", "# EOF\n\n", "# EOFx", "#EOF\n"});
  } else if (OneIn(4) && !page.empty()) {
    page.pop_back();
  }
  // Few of them: a page that breaks early says little about the rest.
  if (OneIn(6) && !page.empty()) {
    static const Texts kPieces = {"\"", "{",  "}",    ",",    "=",  "\n",  " ",
                                  "\t", "\\", "#",    "\xff", "\r", "\x1", "1",
                                  "e",  ".",  "\xc3", "# ",   "-",  "_",   std::string(1, '\0')};
    page.replace(choose_(page.size()), choose_(2), OneOf(kPieces));
  }
  return page;
}

std::string ExpositionGenerator::Blank(size_t least) {
  if (!OneIn(openmetrics_ ? 60 : 6)) return std::string(least, ' ');
  return OneOf({" ", "\t", "  ", " \t ", ""});
}

std::string ExpositionGenerator::Comment() {
  static const Texts kFamilies = {"a",          "b_seconds", "h", "\"a.b\"",
                                  "\"x\\\"y\"", "1a",        "",  "\"\xc3\""};
  static const Texts kTypes = {"counter",   "gauge",    "histogram", "summary",
                               "histogram", "summary",  "untyped",   "unknown",
                               "info",      "stateset", "gauge ",    "thing"};
  std::string line = "#" + Blank(1);
  switch (choose_(5)) {
    case 0:
    case 1:
      line += "TYPE" + Blank(1) + OneOf(kFamilies) + Blank(1) + OneOf(kTypes);
      break;
    case 2:
      line += "HELP" + Blank(1) + OneOf(kFamilies) + OneOf({" ", "\t", ""});
      line += OneOf({"text", "", "\\n \\\\ \\\"", "\xc3\xa9", "\xff"});
      break;
    case 3:
      line += "UNIT" + Blank(1) + OneOf(kFamilies) + " " + OneOf({"seconds", "", "conds", "a"});
      break;
    default:
      line = OneOf({"", "#", "# free", "#TYPE a x", "# TYPES", "  ", "# TYPE"});
  }
  return line + "\n";
}

std::string ExpositionGenerator::Sample() {
  static const Texts kNames = {"a", "h_bucket", "s", "x:y", "_", "A1", "", "1", "a-b"};
  std::string line = openmetrics_ ? "" : Blank(0);
  line += OneIn(8) ? OneOf(kNames) : kNames[choose_(4)];
  if (!OneIn(3)) line += (openmetrics_ ? "" : Blank(0)) + Labels();
  line += Blank(1) + Number();
  if (OneIn(4)) line += Blank(1) + Timestamp();
  if (OneIn(openmetrics_ ? 5 : 40)) line += Exemplar();
  return line + (openmetrics_ ? "" : Blank(0)) + "\n";
}

std::string ExpositionGenerator::Labels() {
  static const Texts kNames = {"le", "quantile", "x", "y",         "le",        "\"a.b\"",
                               "_",  "\"le\"",   "",  "\"\\\"q\"", "\"x\xff\"", "\"\""};
  static const Texts kValues = {
      "1",      "0.5",  "+Inf", "1e6",    "-0",     "nan", "0.00001",
      "",       "text", "\\n",  "\\\\",   "\\\"",   "\\t", "\xc3\xa9",
      "1e-320", "\xff", "a\nb", "999999", "1e+05x", "}",   "12345678901234567890"};
  std::string text = "{";
  for (size_t count = choose_(4); count > 0; --count) {
    if (!openmetrics_) text += Blank(0);
    if (OneIn(12)) {
      text += "\"m.n\"";
    } else {
      text += OneIn(3) ? OneOf(kNames) : kNames[choose_(4)];
      text += openmetrics_ ? "=" : Blank(0) + "=" + Blank(0);
      text += "\"" + (OneIn(4) ? OneOf(kValues) : kValues[choose_(7)]) + "\"";
    }
    if (!openmetrics_) text += Blank(0);
    if (count > 1 || OneIn(4)) text += OneIn(30) ? "" : ",";
  }
  return text + "}";
}

std::string ExpositionGenerator::Number() {
  static const Texts kNumbers = {"0",      "1",      "-1.5",
                                 "NaN",    "+Inf",   "-inf",
                                 "1e5",    "1E-7",   ".5",
                                 "5.",     "-0",     "+2",
                                 "nan",    "1e308",  "1e309",
                                 "1e-400", "5e-324", "9007199254740993",
                                 "0.1e-1", "0x1",    "1_0",
                                 "1e",     "--1",    "+",
                                 "",       "1e+",    "infinity",
                                 "-nan",   "+nan",   "1.",
                                 ".",      "1e0001", "1e+00000000000000000005"};
  if (OneIn(4)) return OneOf(kNumbers);
  std::string digits;
  for (size_t count = 1 + choose_(20); count > 0; --count) {
    digits += static_cast<char>('0' + choose_(10));
  }
  if (OneIn(2)) digits.insert(choose_(digits.size() + 1), ".");
  if (OneIn(4)) digits += "e" + OneOf({"", "-", "+"}) + std::to_string(choose_(330));
  return OneOf({"", "-", "", "+"}) + digits;
}

std::string ExpositionGenerator::Timestamp() {
  static const Texts kOdd = {"1.5",
                             "-1",
                             "+1",
                             "1e3",
                             "NaN",
                             "Inf",
                             "1e300",
                             "-1e300",
                             "",
                             "9223372036854775807",
                             "9223372036854775808",
                             "-9223372036854775808"};
  if (OneIn(5)) return OneOf(kOdd);
  return std::to_string(1700000000 + choose_(1000)) + (openmetrics_ ? ".123" : "000");
}

std::string ExpositionGenerator::Exemplar() {
  std::string text = OneOf({" # ", " # ", " # ", " #", "# ", " #  "}) + Labels() + " " + Number();
  if (OneIn(3)) text += " " + Timestamp();
  return text;
}

}  // namespace limpet
