#include "ballast/risk/explain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/pricing/inverse.h"
#include "tests/jet.h"
#include "tests/support.h"

using namespace ballast;
using market::OptionType;
using risk::OptionMove;
using risk::PnlExplain;
using risk::PnlTerms;

namespace {

using Field = double PnlTerms::*;
const std::vector<std::pair<std::string, Field>> fields{{"delta", &PnlTerms::delta},
                                                        {"vega", &PnlTerms::vega},
                                                        {"theta", &PnlTerms::theta},
                                                        {"gamma", &PnlTerms::gamma},
                                                        {"vanna", &PnlTerms::vanna},
                                                        {"volga", &PnlTerms::volga},
                                                        {"charm", &PnlTerms::charm},
                                                        {"veta", &PnlTerms::veta},
                                                        {"speed", &PnlTerms::speed},
                                                        {"zomma", &PnlTerms::zomma},
                                                        {"color", &PnlTerms::color},
                                                        {"ultima", &PnlTerms::ultima},
                                                        {"dvanna_dvol", &PnlTerms::dvanna_dvol}};

struct Case {
  pricing::BlackScholes option;
  OptionMove move;
};
Case table_case(const test::Row& row) {
  return {{.spot = Price(row["S"]),
           .strike = Price(row["K"]),
           .rate = row["r"],
           .yield = row["q"],
           .vol = Vol(row["sigma"]),
           .years = Years(row["T"]),
           .type = row.text("type") == "C" ? OptionType::call : OptionType::put},
          {.price = row["dS"], .vol = row["dsigma"], .years = row["dt"]}};
}

struct InverseCase {
  pricing::Vanilla option;
  double coin_yield;
};
std::vector<InverseCase> inverse_cases() {
  std::vector<InverseCase> all;
  for (const double strike : {45'000.0, 60'000.0, 65'000.0, 72'000.0, 100'000.0})
    for (const double years : {0.02, 0.25, 1.0})
      for (const OptionType type : {OptionType::call, OptionType::put})
        for (const double y : {0.0, 0.03})
          all.push_back({{Price(65'000.0), Price(strike), Vol(0.6), Years(years), type}, y});
  return all;
}

double coin_value(pricing::Vanilla o, double coin_yield, const OptionMove& by) {
  o.forward = Price(o.forward.value + by.price);
  o.vol = Vol(o.vol.value + by.vol);
  o.years = Years(o.years.value - by.years);
  return pricing::inverse_greeks(o, coin_yield).price.value;
}

}  // namespace

TEST_CASE("explain: every term and residual agrees with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/pnl_explain.csv")) {
    CAPTURE(row.text("case"));
    const auto [option, move] = table_case(row);
    const PnlExplain got = risk::explain(option, move);
    for (const auto& [name, field] : fields) {
      CAPTURE(name);
      CHECK(std::abs(got.terms.*field - row[name]) <= 1e-12 * std::abs(row[name]));
    }
    // Totals and residuals are differences of values: 1e-12 of those.
    const double scale = 1e-12 * std::max(row["V0"], row["V1"]);
    CHECK(std::abs(got.total - row["total"]) <= scale);
    CHECK(std::abs(got.residual_1 - row["residual_1"]) <= scale);
    CHECK(std::abs(got.residual_2 - row["residual_2"]) <= scale);
    CHECK(std::abs(got.residual_3 - row["residual_3"]) <= scale);
  }
}

TEST_CASE("explain: the terms of a coin-settled option are the derivatives of its value, from a jet in long double") {
  using Real = long double;
  using J = test::Jet<Real>;
  const OptionMove move{.price = -900.0, .vol = 0.03, .years = 0.004};
  for (const auto& [option, y] : inverse_cases()) {
    CAPTURE(option.strike.value);
    CAPTURE(option.years.value);
    CAPTURE(y);
    const Real sign = option.type == OptionType::call ? 1 : -1;
    const J c = test::inverse_value<Real>(J::variable(option.forward.value, 0), option.strike.value, Real(y),
                                          J::variable(option.vol.value, 1), J::variable(option.years.value, 2), sign);
    const PnlTerms got = risk::inverse_pnl_terms(option, move, y);
    const Real f = move.price, v = move.vol, t = -move.years;  // the jet's time is the option's life
    const auto term = [&](std::size_t i, std::size_t j, std::size_t k) {
      const std::array<Real, 4> factorial{1, 1, 2, 6};
      return c.partial(i, j, k) * std::pow(f, static_cast<int>(i)) * std::pow(v, static_cast<int>(j)) *
             std::pow(t, static_cast<int>(k)) / (factorial[i] * factorial[j] * factorial[k]);
    };
    const std::vector<std::pair<Field, Real>> truth{
        {&PnlTerms::delta, term(1, 0, 0)},      {&PnlTerms::vega, term(0, 1, 0)},  {&PnlTerms::theta, term(0, 0, 1)},
        {&PnlTerms::gamma, term(2, 0, 0)},      {&PnlTerms::vanna, term(1, 1, 0)}, {&PnlTerms::volga, term(0, 2, 0)},
        {&PnlTerms::charm, term(1, 0, 1)},      {&PnlTerms::veta, term(0, 1, 1)},  {&PnlTerms::speed, term(3, 0, 0)},
        {&PnlTerms::zomma, term(2, 1, 0)},      {&PnlTerms::color, term(2, 0, 1)}, {&PnlTerms::ultima, term(0, 3, 0)},
        {&PnlTerms::dvanna_dvol, term(1, 2, 0)}};
    for (const auto& [field, wanted] : truth) {
      // Relative, but a term that crosses zero has parts of the size of the others of its order.
      const double scale = std::abs(static_cast<double>(wanted)) + 1e-3 * static_cast<double>(c.partial(0, 0, 0));
      CHECK(std::abs(got.*field - static_cast<double>(wanted)) <= 1e-12 * scale);
    }
  }
}

TEST_CASE("explain: the Greeks of a coin-settled option are those of the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/inverse_option_greeks.csv")) {
    CAPTURE(row.line);
    const pricing::Vanilla option{Price(row["F"]), Price(row["K"]), Vol(row["sigma"]), Years(row["T"]),
                                  row.text("type") == "C" ? OptionType::call : OptionType::put};
    const OptionMove move{.price = 0.01 * row["F"], .vol = 0.02, .years = 0.1 * row["T"]};
    const PnlTerms got = risk::inverse_pnl_terms(option, move, row["y"]);
    const auto close = [&](double term, double wanted) {
      CHECK(std::abs(term - wanted) <= 1e-11 * std::abs(wanted) + 1e-17);
    };
    close(got.delta, row["dcoin_dF"] * move.price);
    close(got.gamma, row["d2coin_dF2"] * move.price * move.price / 2.0);
    close(got.speed, row["d3coin_dF3"] * move.price * move.price * move.price / 6.0);
    close(got.vega, row["vega_coin"] * move.vol);
    close(got.theta, row["theta_coin"] * move.years);
    close(got.vanna, row["vanna_coin"] * move.price * move.vol);
    close(got.volga, row["volga_coin"] * move.vol * move.vol / 2.0);
    close(got.charm, row["charm_dcoin_dF"] * move.price * move.years);
  }
}

// A day's price and vol moves go with the root of time: a move of h has price and vol of h and time of h². Then the
// first order leaves h², the first and second h³ and all three h⁴, the missing dt² and dF dvol dt terms among it.
TEST_CASE("explain: residuals fall like the second, third and fourth power of the move, linear and in coin") {
  const auto check_powers = [](auto&& explained) {
    double last[3] = {0.0, 0.0, 0.0};
    for (int halving = 0; halving < 7; ++halving) {
      const double h = 0.25 * std::pow(0.5, halving);
      const PnlExplain got = explained(OptionMove{.price = 6000.0 * h, .vol = 0.08 * h, .years = 0.04 * h * h});
      const double now[3] = {got.residual_1, got.residual_2, got.residual_3};
      for (int order = 0; order < 3 && halving > 0; ++order) {
        CAPTURE(order);
        CAPTURE(halving);
        const double due = std::pow(2.0, order + 2);
        if (halving >= 5) CHECK(last[order] / now[order] == doctest::Approx(due).epsilon(0.1));
      }
      std::copy(now, now + 3, last);
    }
  };
  for (const OptionType type : {OptionType::call, OptionType::put}) {
    const pricing::Vanilla coin{Price(65'000.0), Price(70'000.0), Vol(0.6), Years(0.25), type};
    check_powers([&](const OptionMove& m) { return risk::explain_inverse(coin, m); });
    const pricing::BlackScholes linear{.spot = Price(65'000.0),
                                       .strike = Price(70'000.0),
                                       .rate = 0.03,
                                       .yield = 0.01,
                                       .vol = Vol(0.6),
                                       .years = Years(0.25),
                                       .type = type};
    check_powers([&](const OptionMove& m) { return risk::explain(linear, m); });
  }
}

TEST_CASE("explain: an inverse future of the Greek's notional takes the delta line away") {
  const pricing::Vanilla option{Price(65'000.0), Price(60'000.0), Vol(0.6), Years(0.1), OptionType::put};
  const double notional = pricing::inverse_greeks(option).usd_notional_hedge.value, f = 65'000.0;
  const double df = 1e-3 * f;
  const PnlTerms got = risk::inverse_pnl_terms(option, {.price = df});
  CHECK(got.delta == doctest::Approx(-notional * df / (f * f)).epsilon(1e-12));  // N d(-1/F)
  CHECK(got.vega == 0.0);
}

TEST_CASE("explain: a book is the sum of its options") {
  const auto rows = test::read_csv("tests/data/pnl_explain.csv");
  const auto one = table_case(rows[0]), other = table_case(rows[1]);
  PnlExplain book = 3.0 * risk::explain(one.option, one.move);
  book += -2.0 * risk::explain(other.option, other.move);
  CHECK(book.total == doctest::Approx(3.0 * rows[0]["total"] - 2.0 * rows[1]["total"]).epsilon(1e-12));
  CHECK(book.residual_3 == doctest::Approx(3.0 * rows[0]["residual_3"] - 2.0 * rows[1]["residual_3"]).epsilon(1e-9));
  for (const auto& [name, field] : fields)
    CHECK(book.terms.*field == doctest::Approx(3.0 * rows[0][name] - 2.0 * rows[1][name]).epsilon(1e-12));
}

TEST_CASE("stepwise explain: the average of six walks from corner to corner, and nothing left over") {
  std::mt19937_64 random(20261201);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (int trial = 0; trial < 200; ++trial) {
    std::array<double, 8> corner{};
    for (double& c : corner) c = uniform(random);
    std::array<std::size_t, 3> order{0, 1, 2};
    double line[3] = {0.0, 0.0, 0.0}, low[3] = {9.0, 9.0, 9.0}, high[3] = {-9.0, -9.0, -9.0};
    do {
      std::size_t at = 0;
      for (const std::size_t axis : order) {
        const std::size_t next = at | (std::size_t{1} << axis);
        const double step = corner[next] - corner[at];
        line[axis] += step / 6.0;
        low[axis] = std::min(low[axis], step), high[axis] = std::max(high[axis], step);
        at = next;
      }
    } while (std::next_permutation(order.begin(), order.end()));
    const auto got = risk::stepwise_explain(corner);
    CHECK(std::abs(got.price - line[0]) <= 2e-15);
    CHECK(std::abs(got.vol - line[1]) <= 2e-15);
    CHECK(std::abs(got.time - line[2]) <= 2e-15);
    CHECK(std::abs(got.price + got.vol + got.time - got.total) <= 2e-15);
    CHECK(got.total == corner[7] - corner[0]);
    CHECK(got.order_effect == std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]}));
  }
}

TEST_CASE("stepwise explain: the table's days add up, a lone move is its own line, additive moves have no order") {
  for (const test::Row& row : test::read_csv("tests/data/pnl_explain.csv")) {
    CAPTURE(row.text("case"));
    const auto [option, move] = table_case(row);
    const auto got = risk::stepwise_explain(option, move);
    const double scale = 1e-12 * std::max(row["V0"], row["V1"]);
    CHECK(std::abs(got.total - row["total"]) <= scale);
    CHECK(std::abs(got.price + got.vol + got.time - row["total"]) <= scale);
    CHECK(got.time <= 0.0);  // the long option of the table loses with time in every order
    const auto lone = risk::stepwise_explain(option, {.price = move.price});
    CHECK(lone.vol == 0.0);
    CHECK(lone.time == 0.0);
    CHECK(lone.order_effect == 0.0);
    CHECK(lone.price == doctest::Approx(lone.total).epsilon(1e-14));
  }
  // Coin: corners valued one by one, and the small move's lines are the first-order terms.
  const pricing::Vanilla option{Price(65'000.0), Price(70'000.0), Vol(0.6), Years(0.25), OptionType::call};
  const OptionMove move{.price = -5000.0, .vol = 0.1, .years = 0.01}, small{.price = 1.0, .vol = 1e-5, .years = 1e-6};
  const auto got = risk::stepwise_explain_inverse(option, move, 0.02);
  CHECK(got.total == coin_value(option, 0.02, move) - coin_value(option, 0.02, {}));
  CHECK(got.price + got.vol + got.time == doctest::Approx(got.total).epsilon(1e-13));
  CHECK(got.price < 0.0);
  CHECK(got.vol > 0.0);
  CHECK(got.order_effect > 0.0);
  const auto line = risk::stepwise_explain_inverse(option, small);
  const PnlTerms term = risk::inverse_pnl_terms(option, small);
  CHECK(line.price == doctest::Approx(term.delta).epsilon(1e-4));
  CHECK(line.vol == doctest::Approx(term.vega).epsilon(1e-4));
  CHECK(line.time == doctest::Approx(term.theta).epsilon(1e-4));
}

TEST_CASE("explain: outside the domain every field is NaN; a step may end at the expiry, not behind it") {
  const pricing::BlackScholes option{.spot = Price(100.0), .strike = Price(90.0), .vol = Vol(0.5), .years = Years(0.1)};
  const pricing::Vanilla coin{Price(100.0), Price(90.0), Vol(0.5), Years(0.1), OptionType::call};
  const std::vector<OptionMove> outside{{.years = -0.01}, {.years = 0.11}, {.price = NAN}, {.vol = INFINITY}};
  for (const OptionMove& move : outside) {
    for (const PnlExplain& got : {risk::explain(option, move), risk::explain_inverse(coin, move)}) {
      for (const auto& [name, field] : fields) CHECK(std::isnan(got.terms.*field));
      for (const double v : {got.total, got.residual_1, got.residual_2, got.residual_3}) CHECK(std::isnan(v));
    }
    CHECK(std::isnan(risk::pnl_terms(option, move).gamma));
    CHECK(std::isnan(risk::inverse_pnl_terms(coin, move).gamma));
    CHECK(std::isnan(risk::stepwise_explain(option, move).price));
    CHECK(std::isnan(risk::stepwise_explain_inverse(coin, move).order_effect));
  }
  for (const OptionMove& move : {OptionMove{.price = -100.0}, OptionMove{.vol = -0.6}}) {
    CHECK(std::isnan(risk::explain(option, move).terms.delta));
    CHECK(std::isnan(risk::explain_inverse(coin, move).residual_3));
  }
  const OptionMove to_expiry{.price = 5.0, .years = 0.1};
  CHECK(risk::explain(option, to_expiry).total ==
        doctest::Approx(15.0 - pricing::black_scholes_price(option).value).epsilon(1e-14));
  CHECK(risk::explain_inverse(coin, to_expiry).total ==
        doctest::Approx(15.0 / 105.0 - pricing::inverse_greeks(coin).price.value).epsilon(1e-14));
}
