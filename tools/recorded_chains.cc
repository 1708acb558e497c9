#include "recorded_chains.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ballast/venue/deribit/chain_csv.h"
#include "ballast/venue/deribit/name.h"

namespace ballast::study {
namespace {

using Prices = std::map<std::string, std::map<Time, double>>;  // by instrument, USD

Result<Prices> perpetual_prices(const std::filesystem::path& folder) {
  Prices prices;
  const auto path = folder / "perpetual_futures_prices.csv.zst";
  if (!std::filesystem::exists(path)) return prices;
  const auto table = store::read_bytes(path.string(), store::file_limit);
  if (!table) return table.error();
  const auto quotes = venue::deribit::decode_perpetual_prices_csv(table.value());
  if (!quotes) return quotes.error();
  for (const market::Quote& q : quotes.value()) {
    if (q.mark) prices[q.instrument][q.sent] = *q.mark;
  }
  return prices;
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Dated futures that options name as their underlying: listed ones, for the others are "SYN...." or "index_price".
void add_listed(const market::Snapshot& snapshot, std::map<std::string, Instant>& instants) {
  std::map<std::pair<std::string, Time>, std::vector<double>> named;
  for (const auto& [name, quote] : snapshot.quotes) {
    const auto option = snapshot.instruments.find(name);
    if (option == snapshot.instruments.end() || !option->second.is_option() || !quote.underlying_price) continue;
    const auto future = venue::deribit::parse_name(quote.underlying_index);
    if (!future || future.value().kind != market::Kind::future || future.value().expiry != option->second.expiry)
      continue;
    named[{option->second.underlying, option->second.expiry}].push_back(*quote.underlying_price);
  }
  for (auto& [key, values] : named) {
    const auto instant = instants.find(key.first);
    if (instant == instants.end()) continue;
    instant->second.listed.insert(key.second);
    instant->second.named[key.second] = median(values);
  }
}

Result<std::map<std::string, Instant>> instants_of(const std::string& csv, const desk::MoveRules& rules,
                                                   const Prices& perpetuals,
                                                   std::map<std::string, vol::Surface>& surfaces) {
  const auto snapshot = store::snapshot_of(csv);
  if (!snapshot) return snapshot.error();
  const market::Snapshot& s = snapshot.value();
  auto chains = desk::observed(s, rules, surfaces);
  if (!chains) return chains.error();
  std::map<std::string, Instant> found;
  auto seen = std::move(chains).value();
  for (auto& [coin, chain] : seen) {
    Instant& instant = found[coin];
    instant.chain = std::move(chain);
    const auto index = s.indices.find(coin);
    if (index != s.indices.end()) instant.index = index->second.price;
    const auto prices = perpetuals.find(coin + "-PERPETUAL");
    if (prices != perpetuals.end()) {
      const auto at = prices->second.find(s.as_of);
      if (at != prices->second.end()) instant.perpetual = at->second;
    }
  }
  add_listed(s, found);
  return found;
}

}  // namespace

std::optional<Error> for_each_step(const std::string& folder, const desk::MoveRules& rules,
                                   const std::function<std::optional<Error>(const Step&)>& visit) {
  const auto perpetuals = perpetual_prices(folder);
  if (!perpetuals) return perpetuals.error();
  std::error_code problem;
  std::vector<std::string> archives;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    if (entry.path().extension() == ".zst" && entry.path().stem().extension() == ".tar")
      archives.push_back(entry.path().string());
  }
  if (problem) return Error{Fault::unavailable, folder + ": " + problem.message()};
  if (archives.empty()) return Error{Fault::unavailable, folder + ": no snapshots-*.tar.zst"};
  std::sort(archives.begin(), archives.end());
  std::map<std::string, Instant> before;
  std::map<std::string, vol::Surface> surfaces;  // the last ones: where the next fit starts
  std::string set;
  std::size_t snapshots = 0;
  for (const std::string& archive : archives) {
    std::map<std::string, std::string> members;  // by name, which is by time
    const auto read = store::for_each_member(
        archive, store::file_limit,
        [&](const std::string& name, const std::string& bytes) { return members.emplace(name, bytes).second; });
    if (!read) return read.error();
    for (const auto& [name, bytes] : members) {
      auto now = instants_of(bytes, rules, perpetuals.value(), surfaces);
      if (!now) return in(archive + ": " + name, now.error());
      for (const auto& [coin, instant] : now.value()) {
        if (set.empty()) set = month_of(instant.chain.as_of);
        const auto last = before.find(coin);
        if (last == before.end() || !desk::is_step(last->second.chain, instant.chain, rules)) continue;
        if (auto error = visit({set, coin, last->second, instant})) return in(archive + ": " + name, *error);
      }
      before = std::move(now).value();
      if (++snapshots % 100 == 0) fmt::print(stderr, "{}: {} snapshots\n", folder, snapshots);
    }
  }
  fmt::print(stderr, "{}: {} snapshots\n", folder, snapshots);
  return std::nullopt;
}

std::string against(const std::vector<double>& base, const std::vector<double>& other) {
  if (base.size() < 2) return ",";
  const auto compared = math::compare_losses(base, other, {.small_sample = true});
  if (!compared || !std::isfinite(compared.value().statistic)) return ",";
  return fmt::format("{:.2f},{:.4f}", compared.value().statistic, compared.value().p);
}

std::string month_of(Time t) {
  const Date date = date_of(t);
  return fmt::format("{:04}-{:02}", date.year, date.month);
}

}  // namespace ballast::study
