// The one-step hedging error of plain and net delta on a recorded set of option chains.
//
//   one_step_hedge FOLDER
//
// FOLDER holds snapshots-*.tar.zst and perpetual_futures_prices.csv.zst. For every option of snapshot t that is quoted
// again in t+1 (open interest >= 1, two-sided in both, relative spread <= 0.5, strike/forward in [0.5, 2], at least a
// day left): short one at mid, hedged with delta coins of the inverse perpetual. P&L in coin. RMSE reduction = 1 -
// RMSE(hedged)/RMSE(unhedged).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ballast/ballast.h"
#include "ballast/venue/deribit/chain_csv.h"

namespace {

using namespace ballast;

struct Held {
  double mid;          ///< coin
  double black_delta;  ///< own, on the parity forward and the venue's mark vol
  double venue_delta;  ///< the venue's, read some minutes after mid and mark
  bool chosen;         ///< passes the filters of the study
};

struct Instant {
  std::map<std::string, Held> options;
  std::optional<double> perpetual;  ///< USD
};

struct Sum {
  std::size_t n = 0;
  double unhedged = 0, plain = 0, net = 0, venue_plain = 0, venue_net = 0;  ///< sums of squares, coin²
};

std::optional<double> mid(const market::Quote& q) {
  if (!q.bid || !q.ask || !(*q.bid < *q.ask)) return std::nullopt;
  return 0.5 * (*q.bid + *q.ask);
}

bool chosen(const market::Instrument& i, const market::Quote& q, double forward, Time as_of, double middle) {
  const double moneyness = i.strike / forward;
  return q.open_interest.value_or(0.0) >= 1.0 && *q.ask - *q.bid <= 0.5 * middle && moneyness >= 0.5 &&
         moneyness <= 2.0 && seconds_between(as_of, i.expiry) >= 86400.0;
}

Result<std::map<std::string, Instant>> instants_of(std::string_view csv,
                                                   const std::map<std::string, std::map<Time, double>>& perpetuals) {
  auto chain = venue::deribit::decode_chain_csv(csv);
  if (!chain) return chain.error();
  market::Snapshot s;
  s.as_of = chain.value().as_of;
  s.indices = chain.value().indices;
  for (const market::Instrument& i : chain.value().instruments) s.instruments[i.name] = i;
  for (const market::Quote& q : chain.value().quotes) s.quotes[q.instrument] = q;
  const vol::QuotedChain surface = vol::quoted(s);
  std::map<std::string, Instant> found;
  for (const auto& [name, o] : surface.options) {
    const market::Instrument& i = s.instruments.at(name);
    const market::Quote& q = s.quotes.at(name);
    const auto middle = mid(q);
    if (!middle || !q.greeks) continue;
    const double delta = pricing::black_delta(
        {.forward = o.forward, .strike = Price(i.strike), .vol = o.vol, .years = o.years, .type = i.option_type});
    found[i.underlying].options[name] = {*middle, delta, q.greeks->delta,
                                         chosen(i, q, o.forward.value, s.as_of, *middle)};
  }
  for (auto& [coin, instant] : found) {
    const auto prices = perpetuals.find(coin + "-PERPETUAL");
    if (prices == perpetuals.end()) continue;
    const auto at = prices->second.find(s.as_of);
    if (at != prices->second.end()) instant.perpetual = at->second;
  }
  return found;
}

void step(const Instant& a, const Instant& b, Sum& sum) {
  if (!a.perpetual || !b.perpetual) return;
  const double perpetual_move = 1.0 - *a.perpetual / *b.perpetual;  // coin P&L of one coin long: P0 (1/P0 - 1/P1)
  for (const auto& [name, held] : a.options) {
    const auto later = b.options.find(name);
    if (!held.chosen || later == b.options.end()) continue;
    const double option = -(later->second.mid - held.mid);
    const auto squared = [&](double delta) {
      const double pnl = option + delta * perpetual_move;
      return pnl * pnl;
    };
    ++sum.n;
    sum.unhedged += squared(0.0);
    sum.plain += squared(held.black_delta);
    sum.net += squared(held.black_delta - held.mid);
    sum.venue_plain += squared(held.venue_delta);
    sum.venue_net += squared(held.venue_delta - held.mid);
  }
}

int fail(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.what);
  return error.fault == Fault::unavailable ? 3 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(
        stderr,
        "usage: one_step_hedge FOLDER  (a folder with snapshots-*.tar.zst and perpetual_futures_prices.csv.zst)\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const auto table = store::read_bytes((folder / "perpetual_futures_prices.csv.zst").string(), store::file_limit);
  if (!table) return fail(table.error());
  const auto quotes = venue::deribit::decode_perpetual_prices_csv(table.value());
  if (!quotes) return fail(quotes.error());
  std::map<std::string, std::map<Time, double>> perpetuals;
  for (const market::Quote& q : quotes.value()) {
    if (q.mark) perpetuals[q.instrument][q.sent] = *q.mark;
  }
  std::vector<std::string> archives;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".zst" && entry.path().stem().extension() == ".tar")
      archives.push_back(entry.path().string());
  }
  std::sort(archives.begin(), archives.end());

  std::map<std::string, Sum> sums;
  std::map<std::string, Instant> before;
  std::size_t snapshots = 0;
  for (const std::string& archive : archives) {
    std::map<std::string, std::string> members;  // by name, which is by time
    const auto read = store::for_each_member(
        archive, store::file_limit,
        [&](const std::string& name, const std::string& bytes) { return members.emplace(name, bytes).second; });
    if (!read) return fail(read.error());
    for (const auto& [name, bytes] : members) {
      auto now = instants_of(bytes, perpetuals);
      if (!now) return fail(in(archive + ": " + name, now.error()));
      for (const auto& [coin, instant] : now.value()) {
        const auto last = before.find(coin);
        if (last != before.end()) step(last->second, instant, sums[coin]);
      }
      before = std::move(now).value();
      ++snapshots;
      if (snapshots % 50 == 0) fmt::print(stderr, "{} snapshots\n", snapshots);
    }
  }
  fmt::print(stderr, "{} snapshots\n", snapshots);
  fmt::print(
      "coin,observations,rmse_unhedged,reduction_plain_percent,reduction_net_percent,"
      "reduction_venue_plain_percent,reduction_venue_net_percent\n");
  for (const auto& [coin, sum] : sums) {
    const auto reduction = [&](double hedged) { return 100.0 * (1.0 - std::sqrt(hedged / sum.unhedged)); };
    fmt::print("{},{},{:.6f},{:.2f},{:.2f},{:.2f},{:.2f}\n", coin, sum.n,
               std::sqrt(sum.unhedged / static_cast<double>(sum.n)), reduction(sum.plain), reduction(sum.net),
               reduction(sum.venue_plain), reduction(sum.venue_net));
  }
  return sums.empty() ? 1 : 0;
}
