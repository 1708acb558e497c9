#include "ballast/sim/model_smile.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/model/transform.h"
#include "ballast/sim/market_path.h"
#include "ballast/sim/modelled_chain.h"
#include "tests/model_tables.h"

using namespace ballast;

namespace {

constexpr double day = 86'400.0;

sim::MarketModel leaning() {
  sim::MarketModel m;
  m.dynamics = model::Svcj{.heston = {.v0 = 0.25, .kappa = 3.0, .theta = 0.36, .xi = 1.2, .rho = -0.6},
                           .jumps = {.rate = 5.0, .mean = -0.03, .deviation = 0.04},
                           .variance_jump = 0.05,
                           .jump_slope = -0.4};
  return m;
}

/// What a model says that calls and puts of one strike are worth, USD.
std::vector<double> worth(const model::TransformModel& model, double forward, double years, double strike) {
  const std::vector<double> strikes = {strike, strike}, signs = {1.0, -1.0};
  std::vector<double> price(2);
  model::TransformColumns columns;
  columns.price = price;
  REQUIRE(model::transform(model, {.forward = Price(forward), .years = Years(years), .strike = strikes, .sign = signs},
                           columns));
  return price;
}

}  // namespace

TEST_CASE("model smile: vols are those of the reference tables") {
  int compared = 0;
  for (const std::string table : {"heston", "bates", "svcj"}) {
    for (const test::Row& row : test::read_csv("tests/data/" + table + "_prices.csv")) {
      const double forward = row["S"] * std::exp((row["r"] - row["q"]) * row["T"]), strike = row["K"];
      const double discounted = std::min(row["call"], row["put"]);
      // The transform's 1e-13 of the price against what is left of vega where options are worth little.
      if (discounted < 1e-3 * row["S"] || !row.has("implied_vol")) continue;
      const auto vols = sim::model_smile(test::model_of(table, row), Price(forward), Years(row["T"]), {&strike, 1});
      REQUIRE_MESSAGE(vols, (vols ? "" : vols.error().what));
      CAPTURE(table);
      CAPTURE(row.line);
      CHECK(std::abs(vols.value()[0] - row["implied_vol"]) <= 1e-10);
      ++compared;
    }
  }
  CHECK(compared > 50);
}

TEST_CASE("model smile: every mark of a drawn chain is the model's price at the path's variance") {
  const sim::MarketModel m = leaning();
  sim::MarketState s = sim::begin(m, Time{1'767'254'400'000});
  for (int i = 0; i < 20; ++i) s = sim::next(m, 1, 0, s, day / 6.0);
  CHECK(std::abs(s.vol * s.vol - m.dynamics->heston.v0) > 1e-3);  // the path's variance is another by now
  const model::TransformModel now = sim::model_at(m, s);
  const sim::ChainShape shape{.days = {7, 30, 90}, .strikes = 9, .basis = 0.05};
  const auto chain = sim::modelled_chain(
      sim::quoted_by(m, shape), s.at, s.index, sim::atm_vol(m, s), {},
      [&](Price forward, Years years, std::span<const double> k) { return sim::model_smile(now, forward, years, k); });
  REQUIRE_MESSAGE(chain, (chain ? "" : chain.error().what));
  int options = 0;
  for (const auto& [name, instrument] : chain.value().instruments) {
    if (!instrument.is_option()) continue;
    const double years = years_between(s.at, instrument.expiry).value, forward = s.index * std::exp(0.05 * years);
    const auto price = worth(now, forward, years, instrument.strike);
    const market::Quote& quote = chain.value().quotes.at(name);
    CAPTURE(name);
    CHECK(std::abs(*quote.mark - price[instrument.option_type == market::OptionType::call ? 0 : 1] / forward) <= 1e-11);
    ++options;
  }
  CHECK(options >= 3 * 2 * 5);
}

TEST_CASE("model smile: paths that the market draws are worth what its chain says") {
  const sim::MarketModel m = leaning();
  const double years = 30.0 / 365.0;
  const model::TransformModel now = sim::model_at(m, sim::begin(m, Time{0}));
  const int count = 20'000;
  std::vector<double> end;
  for (std::uint64_t path = 0; path < count; ++path) {
    sim::MarketState s = sim::begin(m, Time{0});
    for (int i = 0; i < 30; ++i) s = sim::next(m, 11, path, s, day);
    end.push_back(s.index);
  }
  for (const double moneyness : {0.8, 1.0, 1.2}) {  // with rho < 0 the wings tell a wrong sign
    const double strike = moneyness * m.start, sign = moneyness < 1.0 ? -1.0 : 1.0;
    double sum = 0.0, squares = 0.0;
    for (const double x : end) {
      const double paid = std::max(sign * (x - strike), 0.0);
      sum += paid, squares += paid * paid;
    }
    const double mean = sum / count, error = std::sqrt((squares / count - mean * mean) / count);
    CAPTURE(moneyness);
    CAPTURE(mean);
    CAPTURE(error);
    CHECK(std::abs(mean - worth(now, m.start, years, strike)[sign > 0.0 ? 0 : 1]) <= 4.0 * error);
  }
}

TEST_CASE("model smile: a strike without a price has the vol of its neighbour, a bad model and a bad year a fault") {
  const model::TransformModel now = sim::model_at(leaning(), sim::begin(leaning(), Time{0}));
  const model::TransformModel heston = std::get<model::Svcj>(now).heston;
  const std::vector<double> strikes = {1.0, 2.0, 58'000.0, 60'000.0, 62'000.0, 5e6, 6e6};
  const auto vols = sim::model_smile(heston, Price(60'000.0), Years(1.0 / 365.0), strikes);
  REQUIRE(vols);
  CHECK(vols.value()[0] == vols.value()[2]);
  CHECK(vols.value()[1] == vols.value()[2]);
  CHECK(vols.value()[5] == vols.value()[4]);
  CHECK(vols.value()[6] == vols.value()[4]);
  CHECK(vols.value()[2] > vols.value()[4]);  // rho < 0
  const auto no_time = sim::model_smile(heston, Price(60'000.0), Years(0.0), strikes);
  REQUIRE_FALSE(no_time);
  CHECK(no_time.error().fault == Fault::bad_input);
  const auto wrong = sim::model_smile(model::Heston{.rho = 2.0}, Price(60'000.0), Years(0.1), strikes);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().fault == Fault::bad_input);
}
