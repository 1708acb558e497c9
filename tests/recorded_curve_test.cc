// Forwards, term structures and funding on recorded days: `../shared` has them, a machine without it skips these tests.
#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "ballast/ballast.h"
#include "ballast/venue/deribit/chain_csv.h"
#include "tests/support.h"

using namespace ballast;

namespace {

constexpr const char* samples[] = {
    "data/deribit-optionchain-20251230-20260331/sample_deribit_options_snapshot_20260205T212937Z.csv.gz",
    "data/deribit-optionchain-20260516-20260727/sample_deribit_options_snapshot_20260624T171724Z.csv.gz"};

}  // namespace

TEST_CASE("forwards of recorded chains: marks, quotes and the venue's own agree, with no discount") {
  for (const char* sample : samples) {
    const auto path = test::shared(sample);
    if (!path) return;
    const auto read = store::read_snapshot({*path});
    REQUIRE(read);
    const market::Snapshot s = market::clean(read.value(), market::CleaningRules{}.with_age(3600.0));
    int expiries = 0, inside = 0, empty = 0, quotes = 0, violated = 0;
    double from_underlying = 0.0;
    std::vector<double> from_quotes;
    for (const auto& [key, d] : curve::diagnose(s)) {
      CAPTURE(to_string(key.expiry));
      REQUIRE(d.forward);
      CHECK(d.forward->source == curve::ForwardSource::parity_of_marks);
      CHECK(d.forward->discount == 1.0);  // the venue's rate is 0: a discount would be an invention
      REQUIRE(d.from_underlying);
      const double f = d.forward->price.value;
      from_underlying = std::max(from_underlying, std::abs(*d.from_underlying) / f);
      ++expiries;
      empty += d.interval.empty() ? 1 : 0;
      inside += d.interval.low <= f && f <= d.interval.high ? 1 : 0;
      quotes += static_cast<int>(d.quotes.size());
      violated += static_cast<int>(d.violations.size());
      if (!d.of_quotes) continue;
      CHECK(d.of_quotes->discount == 1.0);
      from_quotes.push_back(std::abs(d.of_quotes->forward.value / f - 1.0));
    }
    std::sort(from_quotes.begin(), from_quotes.end());
    const double middle = from_quotes.at(from_quotes.size() / 2);
    MESSAGE(expiries, " expiries, forward inside all quotes in ", inside, ", no forward in ", empty, "; ", violated,
            " of ", quotes, " strikes violated; largest distance from the venue's ", 1e4 * from_underlying,
            " bp, from the quotes' own ", 1e4 * middle, " bp (median), ", 1e4 * from_quotes.back(), " bp");
    CHECK(middle <= 5e-4);
    CHECK(from_underlying <= 45e-4);  // data README: worst 43.6 bp
    CHECK(violated <= quotes / 50);
  }
}

TEST_CASE("two recorded months: no invented discount, hardly a strike beyond its spread") {
  const auto fast = test::shared("data/deribit-optionchain-20251230-20260331/snapshots-202602.tar.zst");
  const auto later = test::shared("data/deribit-optionchain-20260516-20260727/snapshots-202607.tar.zst");
  if (!fast || !later) return;
  int expiries = 0, quotes = 0, violated = 0, arbitrages = 0, estimates = 0;
  for (const auto& archive : {*fast, *later}) {
    const auto visited =
        store::for_each_member(archive, store::file_limit, [&](const std::string& name, const std::string& bytes) {
          CAPTURE(name);
          const auto chain = venue::deribit::decode_chain_csv(bytes);
          if (!chain) return true;
          market::Snapshot raw;
          raw.as_of = chain.value().as_of;
          raw.indices = chain.value().indices;
          for (const auto& i : chain.value().instruments) raw.instruments[i.name] = i;
          for (const auto& q : chain.value().quotes) raw.quotes[q.instrument] = q;
          const market::Snapshot s = market::clean(std::move(raw), market::CleaningRules{}.with_age(3600.0));
          const auto found = curve::diagnose(s);
          for (const auto& [key, d] : found) {
            CAPTURE(to_string(key.expiry));
            REQUIRE(d.forward);
            CHECK(d.forward->discount == 1.0);
            CHECK_FALSE(d.interval.empty());
            ++expiries;
            quotes += static_cast<int>(d.quotes.size());
            violated += static_cast<int>(d.violations.size());
            estimates += d.of_quotes && d.of_quotes->discount != 1.0 ? 1 : 0;
          }
          for (const auto& [key, list] : curve::chain_arbitrages(s, found)) arbitrages += static_cast<int>(list.size());
          return true;
        });
    REQUIRE(visited);
  }
  MESSAGE(expiries, " expiries: ", violated, " of ", quotes, " strikes beyond their spread, ", arbitrages,
          " executable arbitrages, ", estimates, " quotes' discounts three standard errors from 1");
  CHECK(expiries > 5000);
  CHECK(violated <= quotes / 2000);
  CHECK(arbitrages <= expiries / 100);
  CHECK(estimates <= expiries / 100);  // three standard errors are passed 3 times in 1,000 by chance
}

TEST_CASE("the term structure of recorded chains gives its forwards back") {
  for (const char* sample : samples) {
    const auto path = test::shared(sample);
    if (!path) return;
    const auto read = store::read_snapshot({*path});
    REQUIRE(read);
    const market::Snapshot s = market::clean(read.value(), market::CleaningRules{}.with_age(3600.0));
    const auto expiries = curve::diagnose(s);
    const auto made = curve::term_structures(s, expiries);
    CHECK(made.absent.empty());
    CHECK(made.by_index.size() == 2);
    for (const auto& [index, t] : made.by_index) {
      CHECK(t.left_out.empty());
      for (const auto& node : t.nodes) {
        const double f = expiries.at({index, node.expiry}).forward->price.value;
        CHECK(std::abs(curve::forward(t.curve, node.years).value / f - 1.0) <= 2e-15);
      }
      const double carry = curve::carry(t.curve, Years(0.5));
      MESSAGE(index, ": carry at half a year ", carry, ", ", t.nodes.size(), " expiries");
      CHECK(std::abs(carry) < 0.2);
    }
  }
}

TEST_CASE("recorded funding is foreseen better by a decay of three days than by today's rate or the mean") {
  const auto path =
      test::shared("data/funding-btc-2020-2023/BTC-USDT_binance_2020-01-01_2024-01-01_funding_history.csv.zst");
  if (!path) return;
  const std::string bytes = store::read_bytes(*path).value();
  std::vector<curve::FundingPayment> all;
  for (const auto line : split(bytes, '\n')) {
    const auto fields = split(line, ',');
    if (fields.size() != 3 || fields[0] == "Symbol") continue;
    std::string_view number = fields[2];
    if (number.ends_with('\r')) number.remove_suffix(1);
    all.push_back({parse_time(fields[1]).value(), parse_number(number).value(), curve::eight_hours});
  }
  REQUIRE(all.size() == 4383);
  const double day = 1.0 / 365.0;
  for (const std::size_t days : {7, 30}) {
    const std::size_t ahead = 3 * days;
    double decay = 0.0, today = 0.0, mean = 0.0;
    int n = 0;
    for (std::size_t i = 270; i + ahead < all.size(); i += 3) {
      const auto past = std::span(all).subspan(i - 270, 271);
      const curve::FundingCurve c = curve::funding_curve(all[i], past, Years(30.0 * day), Years(3.0 * day)).value();
      double came = 0.0;
      for (std::size_t j = i + 1; j <= i + ahead; ++j) came += all[j].rate;
      const double h = static_cast<double>(days) * day;
      const auto square = [](double x) { return x * x; };
      decay += square(curve::expected_funding(c, Years(h)) - came);
      today += square(c.now * h - came);
      mean += square(c.mean * h - came);
      ++n;
    }
    const auto annual_error = [&](double sum) { return std::sqrt(sum / n) / (static_cast<double>(days) * day); };
    MESSAGE(days, " days ahead, root mean square error per year: decay ", annual_error(decay), ", today's rate ",
            annual_error(today), ", mean ", annual_error(mean));
    CHECK(decay < 0.9 * 0.9 * today);
    CHECK(decay < mean);
  }
}
