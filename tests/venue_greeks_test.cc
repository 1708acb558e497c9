// Our Greeks against the venue's own, on recordings whose rows carry everything they were computed from: forward, vol,
// time. The chain snapshots of 2026 do not: their delta and vega were read minutes after vol and price (data README).
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/base/text.h"
#include "ballast/pricing/screen.h"
#include "ballast/store/file.h"
#include "tests/support.h"

using namespace ballast;

namespace {

/// Fields of a CSV line with quoted fields.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool inside = false;
  for (const char c : line) {
    if (c == '"') {
      inside = !inside;
    } else if (c == ',' && !inside) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// The number behind 'key': in a Python dictionary.
double entry(const std::string& dictionary, const std::string& key) {
  const std::size_t at = dictionary.find("'" + key + "': ");
  REQUIRE(at != std::string::npos);
  const std::size_t from = at + key.size() + 4, to = dictionary.find_first_of(",}", from);
  return parse_number(dictionary.substr(from, to - from)).value();
}

struct Errors {
  std::vector<double> values;
  void add(double e) { values.push_back(std::abs(e)); }
  /// The q-quantile, interpolated between ranks.
  double quantile(double q) {
    std::sort(values.begin(), values.end());
    const double rank = q * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(rank);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (rank - static_cast<double>(below)) * (values[above] - values[below]);
  }
};

}  // namespace

TEST_CASE("the venue's Greeks on a recorded chain of 358 options") {
  const auto path = test::shared("data/deribit-chaindepth-20200912/options_data.csv.gz");
  if (!path) return;
  const auto bytes = store::read_bytes(*path);
  REQUIRE(bytes);
  std::vector<std::string> lines;
  for (const auto line : split(bytes.value(), '\n')) lines.emplace_back(line);
  const auto names = fields_of(lines[0]);
  const auto column = [&](const char* name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  const auto number = [&](const std::vector<std::string>& row, const char* name) {
    return parse_number(row.at(column(name))).value();
  };

  Errors delta, gamma, vega, theta, rho, price;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const auto row = fields_of(lines[i]);
    const Time now{static_cast<std::int64_t>(number(row, "timestamp"))},
        expiry{static_cast<std::int64_t>(number(row, "expiration_timestamp"))};
    const pricing::Vanilla option{
        .forward = Price(number(row, "underlying_price")),
        .strike = Price(number(row, "strike")),
        .vol = Vol(number(row, "mark_iv") / 100.0),
        .years = years_between(now, expiry),
        .type = row.at(column("option_type")) == "call" ? market::OptionType::call : market::OptionType::put};
    const pricing::ScreenGreeks ours = pricing::screen_greeks(option);
    const std::string greeks = row.at(column("greeks"));
    delta.add(ours.delta - entry(greeks, "delta"));
    gamma.add(ours.gamma - entry(greeks, "gamma"));
    vega.add(ours.vega - entry(greeks, "vega"));
    theta.add(ours.theta - entry(greeks, "theta"));
    rho.add(ours.rho - entry(greeks, "rho"));
    price.add(pricing::black_price(option).value / option.forward.value - number(row, "mark_price"));
  }
  CHECK(delta.values.size() == 358);
  MESSAGE("delta 99 %: ", delta.quantile(0.99), " max ", delta.quantile(1), "; gamma max ", gamma.quantile(1),
          "; vega max ", vega.quantile(1), "; theta max ", theta.quantile(1), "; rho max ", rho.quantile(1),
          "; mark 99 %: ", price.quantile(0.99));
  // The bounds that the data README found with another implementation (it prints one or two digits: 5e-5 is 5.0e-5).
  CHECK(delta.quantile(0.99) <= 6e-5);
  CHECK(gamma.quantile(1) <= 6e-6);
  CHECK(vega.quantile(1) <= 0.002);
  CHECK(theta.quantile(1) <= 0.046);
  CHECK(rho.quantile(1) <= 0.001 + 5e-6);
  CHECK(price.quantile(0.99) <= 5.05e-5);
}
