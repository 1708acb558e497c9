#include "ballast/curve/forward.h"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using curve::ParityPair;
using market::Settlement;

TEST_CASE("exact inverse parity gives the forward back") {
  for (const double f : {60000.0, 3123.45, 0.52}) {
    std::vector<ParityPair> pairs;
    for (const double m : {0.3, 0.7, 0.95, 1.0, 1.1, 1.6, 3.0}) pairs.push_back({m * f, 1.0 - m, 1.0});
    const auto forward = curve::parity_forward(pairs, Settlement::inverse);
    REQUIRE(forward);
    CHECK(std::abs(forward.value().price.value - f) <= 4e-15 * f);
    CHECK(forward.value().outliers == 0);
  }
}

TEST_CASE("exact linear parity gives the forward back") {
  std::vector<ParityPair> pairs;
  for (const double k : {1.0, 1.25, 1.5, 2.0}) pairs.push_back({k, 1.4375 - k, 1.0});
  const auto forward = curve::parity_forward(pairs, Settlement::linear);
  REQUIRE(forward);
  CHECK(std::abs(forward.value().price.value - 1.4375) <= 1e-15);
}

TEST_CASE("rows of another instant are set aside") {
  // Twelve strikes at F = 60,000 rounded to 8 decimals as the venue does, three at F' = 60,050: the other instant.
  std::vector<ParityPair> pairs;
  for (int i = 0; i < 15; ++i) {
    const double k = 40000.0 + 3000.0 * i, f = i % 5 == 4 ? 60050.0 : 60000.0;
    pairs.push_back({k, std::round((1.0 - k / f) * 1e8) / 1e8, 1.0});
  }
  const auto forward = curve::parity_forward(pairs, Settlement::inverse);
  REQUIRE(forward);
  CHECK(forward.value().outliers == 3);
  CHECK(std::abs(forward.value().price.value - 60000.0) < 1e-3);
  CHECK(forward.value().spread < 2e-3);
}

TEST_CASE("no pair, no forward; nonsense, no forward") {
  CHECK_FALSE(curve::parity_forward({}, Settlement::inverse));
  CHECK_FALSE(curve::parity_forward({{60000.0, 1.5, 1.0}}, Settlement::inverse));
  CHECK_FALSE(curve::parity_forward({{60000.0, NAN, 1.0}}, Settlement::inverse));
  // A pair without a forward of its own (C - P = 1 puts it at infinity) is set aside and does not spoil the rest.
  const auto rest =
      curve::parity_forward({{50000.0, 1.0, 1.0}, {60000.0, 1.0, 1.0}, {60000.0, 0.0, 1.0}}, Settlement::inverse);
  REQUIRE(rest);
  CHECK(rest.value().price.value == 60000.0);
  CHECK(rest.value().outliers == 2);
}

TEST_CASE("the sources are tried in their order and named") {
  market::Snapshot s = test::worked_market();
  const curve::ExpiryKey key{"btc_usd", s.instruments.at(test::worked_call).expiry};
  CHECK(curve::forwards(s).at(key).source == curve::ForwardSource::listed_future);  // no strike has both sides
  CHECK(curve::forwards(s).at(key).price.value == 60000.0);

  market::Instrument twin = s.instruments.at(test::worked_put);
  twin.name = "BTC-31JAN26-65000-P";
  twin.strike = 65000.0;
  s.instruments[twin.name] = twin;
  market::Quote quote{.instrument = twin.name, .sent = s.as_of, .mark = 0.0372978 - (1.0 - 65000.0 / 60010.0)};
  s.quotes[twin.name] = quote;
  CHECK(curve::forwards(s).at(key).source == curve::ForwardSource::parity_of_marks);
  CHECK(std::abs(curve::forwards(s).at(key).price.value - 60010.0) < 1e-9);

  s.quotes[twin.name].mark.reset();
  s.quotes[twin.name].bid = 0.1205;
  s.quotes[twin.name].ask = 0.121;
  CHECK(curve::forwards(s).at(key).source == curve::ForwardSource::parity_of_mids);

  s.quotes.erase(twin.name);
  s.quotes.erase("BTC-31JAN26");
  CHECK_FALSE(curve::forwards(s).contains(key));
  s.quotes[test::worked_call].underlying_price = 60001.0;
  CHECK(curve::forwards(s).at(key).source == curve::ForwardSource::venue_underlying);
}

TEST_CASE("marks of a discounted chain give their discount, those of another instant do not") {
  for (const Settlement settlement : {Settlement::linear, Settlement::inverse}) {
    const auto pairs_at = [settlement](double d, double other) {
      std::vector<ParityPair> pairs;  // the upper half of the strikes may be of another instant
      for (int i = 0; i < 20; ++i) {
        const double k = 40000.0 + 2500.0 * i, f = i >= 10 ? other : 65128.0;
        const double y = settlement == Settlement::inverse ? d * (1.0 - k / f) : d * (f - k);
        const double step = settlement == Settlement::inverse ? 1e8 : 1e4;
        pairs.push_back({k, std::round(y * step) / step, 1.0});
      }
      return pairs;
    };
    const auto discounted = curve::parity_forward(pairs_at(0.998, 65128.0), settlement);
    REQUIRE(discounted);
    CHECK(std::abs(discounted.value().discount - 0.998) < 1e-8);
    CHECK(std::abs(discounted.value().price.value - 65128.0) < 1e-3);
    CHECK(discounted.value().outliers == 0);
    CHECK(discounted.value().spread < 5e-3);
    CHECK(curve::parity_forward(pairs_at(1.0, 65128.0), settlement).value().discount == 1.0);
    CHECK(curve::parity_forward(pairs_at(1.0, 65150.0), settlement).value().discount == 1.0);
    CHECK(curve::parity_forward(pairs_at(1.0, 65090.0), settlement).value().discount == 1.0);
  }
}

TEST_CASE("the diagnosis says what forwards() leaves out, and how far everything else is") {
  market::Snapshot s = test::worked_market();
  const curve::ExpiryKey key{"btc_usd", s.instruments.at(test::worked_call).expiry};
  curve::ForwardDiagnosis d = curve::diagnose(s).at(key);
  CHECK(d.forward->source == curve::ForwardSource::listed_future);
  CHECK(*d.from_index == 0.0);
  CHECK(*d.from_listed == 0.0);
  CHECK_FALSE(d.from_underlying);
  REQUIRE(d.notes.size() == 1);
  CHECK(d.notes[0].fault == curve::ForwardFault::no_pair);

  // Without the future nothing gives a forward: forwards() has no entry, the diagnosis has one with the reason.
  s.quotes.erase("BTC-31JAN26");
  CHECK_FALSE(curve::forwards(s).contains(key));
  d = curve::diagnose(s).at(key);
  CHECK_FALSE(d.forward);
  REQUIRE(d.notes.size() == 2);
  CHECK(d.notes[1].fault == curve::ForwardFault::no_forward);

  // A call quoted a whole coin over its put: not a forward.
  market::Instrument twin = s.instruments.at(test::worked_call);
  twin.name = "BTC-31JAN26-60000-C";
  twin.strike = 60000.0;
  s.instruments[twin.name] = twin;
  s.quotes[twin.name] = {.instrument = twin.name, .sent = s.as_of, .bid = 1.2, .ask = 1.3};
  d = curve::diagnose(s).at(key);
  CHECK_FALSE(d.forward);
  CHECK(d.notes[0].fault == curve::ForwardFault::not_positive);
  CHECK(curve::name(d.notes[0].fault) == std::string("not_positive"));

  // Call and put of one strike that no forward is high enough for, beside a future: no bound, and no infinity in words.
  market::Snapshot listed = test::worked_market();
  listed.instruments[twin.name] = twin;
  listed.quotes[twin.name] = {.instrument = twin.name, .sent = s.as_of, .bid = 1.2, .ask = 1.3};
  d = curve::diagnose(listed).at(key);
  CHECK(d.forward->source == curve::ForwardSource::listed_future);
  CHECK(d.interval.empty());
  CHECK(d.notes.back().fault == curve::ForwardFault::quotes_disagree);
  for (const curve::ForwardNote& note : d.notes) CHECK(note.detail.find("inf") == std::string::npos);

  // Marks at F = 60,060 (C - P = 0.001), two-sided quotes that bound C - P by 0.0055 and 0.0065.
  s.quotes[twin.name] = {.instrument = twin.name, .sent = s.as_of, .bid = 0.0745, .ask = 0.075, .mark = 0.0695394};
  s.quotes[test::worked_call].underlying_price = 60010.0;
  d = curve::diagnose(s).at(key);
  REQUIRE(d.forward);
  CHECK(d.forward->source == curve::ForwardSource::parity_of_marks);
  CHECK(std::abs(d.forward->price.value - 60000.0 / 0.999) < 1e-6);
  CHECK(std::abs(*d.from_index - 60.06) < 0.01);
  CHECK(std::abs(*d.from_underlying - 50.06) < 0.01);
  REQUIRE(d.of_quotes);
  CHECK(std::abs(d.of_quotes->forward.value - 60000.0 / 0.994) < 1e-6);
  CHECK(std::abs(d.interval.low - 60000.0 / (1.0 - 0.0055)) < 1e-6);
  REQUIRE(d.violations.size() == 1);
  CHECK(d.violations[0].strike == 60000.0);
  CHECK(std::abs(d.violations[0].beyond - 0.0045) < 1e-12);
  REQUIRE(d.notes.size() == 1);
  CHECK(d.notes[0].fault == curve::ForwardFault::outside_the_quotes);
  CHECK(d.forward->price.value == curve::forwards(s).at(key).price.value);
}
