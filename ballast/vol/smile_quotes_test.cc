#include "ballast/vol/smile_quotes.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "ballast/math/normalised_black.h"

using namespace ballast;
using namespace ballast::vol;

namespace {

/// One expiry of inverse options, marks at 50 vol, bid and ask a point around; every strike has both types.
market::Snapshot chain(double days) {
  market::Snapshot s;
  s.as_of = Time{1'790'000'000'000};
  const Time expiry{s.as_of.ms + std::llround(days * 86'400'000.0)};
  const double forward = 100'000.0, root = std::sqrt(days / 365.0);
  for (int strike = 80'000; strike <= 120'000; strike += 5'000) {
    for (const auto type : {market::OptionType::call, market::OptionType::put}) {
      market::Instrument i{.name = std::to_string(strike) + (type == market::OptionType::call ? "-C" : "-P"),
                           .underlying = "BTC",
                           .index = "btc_usd",
                           .option_type = type,
                           .strike = static_cast<double>(strike),
                           .expiry = expiry,
                           .ticks = {.tick = 0.0001}};
      const auto price = [&](double vol) {
        const double time_value =
            std::sqrt(forward * strike) * math::normalised_black(std::log(forward / strike), vol * root);
        const double inside = std::max(type == market::OptionType::call ? forward - strike : strike - forward, 0.0);
        return (time_value + inside) / forward;
      };
      s.quotes[i.name] = {.instrument = i.name,
                          .sent = s.as_of,
                          .bid = price(0.49),
                          .ask = price(0.51),
                          .mark = price(0.50),
                          .mark_vol = Vol(0.50)};
      s.instruments[i.name] = i;
    }
  }
  return s;
}

bool dropped(const SmileQuotes& found, const std::string& what, const std::string& reason) {
  return std::any_of(found.dropped.begin(), found.dropped.end(), [&](const market::Dropped& d) {
    return (what.empty() || d.instrument == what) && d.reason == reason;
  });
}

SmileQuotes read(const market::Snapshot& s, const QuoteRules& rules = {}) {
  return smile_quotes(s, quoted(s), "btc_usd", rules);
}

}  // namespace

TEST_CASE("every strike gives its out-of-the-money option, by rising strike") {
  const SmileQuotes found = read(chain(30.0));
  REQUIRE(found.slices.size() == 1);
  const SliceQuotes& q = found.slices[0];
  REQUIRE(q.instrument.size() == 9);
  CHECK(q.instrument.front() == "80000-P");
  CHECK(q.instrument[4] == "100000-C");  // at the forward the call
  CHECK(q.instrument.back() == "120000-C");
  CHECK(std::is_sorted(q.log_moneyness.begin(), q.log_moneyness.end()));
  for (std::size_t i = 0; i < q.vol.size(); ++i) {
    CHECK(q.vol[i] == doctest::Approx(0.50).epsilon(1e-12));
    CHECK(q.bid_vol[i] == doctest::Approx(0.49).epsilon(1e-9));
    CHECK(q.ask_vol[i] == doctest::Approx(0.51).epsilon(1e-9));
    CHECK(q.weight[i] == 1.0);
  }
}

TEST_CASE("what is not fitted has its reason") {
  market::Snapshot s = chain(30.0);
  s.quotes.at("80000-P").bid.reset();
  CHECK(dropped(read(s), "80000-P", "one_sided"));
  CHECK(read(s).slices[0].vol.size() == 8);
  CHECK(read(s, {.two_sided = false}).slices[0].vol.size() == 9);
  for (auto& [name, quote] : s.quotes) quote.bid.reset();  // nobody bids at all: then marks are what there is
  CHECK(read(s).slices[0].vol.size() == 9);
  CHECK(dropped(read(s, {.target = FitTarget::mid}), "120000-C", "one_sided"));
  CHECK(dropped(read(chain(0.5)), "", "too_near"));
  CHECK(dropped(read(chain(30.0), {.least_quotes = 10}), "", "too_few_quotes"));
  CHECK(dropped(read(chain(30.0), {.target = FitTarget::mid, .widest_vol = 0.01}), "120000-C", "wide"));
  CHECK(read(chain(30.0), {.target = FitTarget::mid}).slices[0].vol[2] == doctest::Approx(0.50).epsilon(1e-3));
}

TEST_CASE("weights: narrow spreads and the money count most") {
  market::Snapshot s = chain(30.0);
  s.quotes.at("120000-C").bid = 0.5 * *s.quotes.at("120000-C").bid;
  const std::vector<double> spread = read(s, {.weight = FitWeight::spread}).slices[0].weight;
  CHECK(spread[8] < 0.5 * spread[7]);
  const std::vector<double> vega = read(s, {.weight = FitWeight::vega}).slices[0].weight;
  CHECK(*std::max_element(vega.begin(), vega.end()) == vega[4]);
  CHECK(vega[0] < 0.5 * vega[4]);
}
