#include "recorded_lags.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "ballast/venue/internal/csv.h"

namespace ballast::study {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Result<SideTables> side_tables(const std::string& folder_name) {
  const std::filesystem::path folder(folder_name);
  SideTables t;
  const auto bytes_of = [&](const char* file) {
    return store::read_bytes((folder / file).string(), store::file_limit);
  };
  if (std::filesystem::exists(folder / "term_futures_marks.csv.zst")) {
    const auto bytes = bytes_of("term_futures_marks.csv.zst");
    if (!bytes) return bytes.error();
    enum { at, future, price, volume };
    venue::CsvRows rows(
        bytes.value(), store::file_limit,
        {"snapshot_timestamp_ms", "futures_instrument_name", "term_candle_price_used", "term_candle_volume"}, {});
    while (rows.next()) {
      const auto ms = parse_integer(rows.text(at));
      const auto traded = rows.maybe_positive(volume), used = rows.maybe_positive(price);
      if (!ms) rows.reject(at, "is not a whole number of milliseconds");
      const auto named = venue::deribit::parse_name(rows.text(future));
      if (!named) rows.fail(named.error());
      if (ms && named && traded && used) t.candle[{named.value().underlying, named.value().expiry, Time{*ms}}] = *used;
    }
    if (rows.error()) return *rows.error();
  }
  if (std::filesystem::exists(folder / "INDEX.csv")) {
    const auto bytes = bytes_of("INDEX.csv");
    if (!bytes) return bytes.error();
    enum { at, btc, eth };
    venue::CsvRows rows(bytes.value(), store::file_limit, {"snapshot_utc", "btc_time_offset_s", "eth_time_offset_s"},
                        {});
    while (rows.next()) {
      const auto when = parse_time(rows.text(at));
      if (!when) rows.reject(at, "is not a time");
      if (!when) break;
      if (const auto lag = rows.maybe_number(btc)) t.lag_s["BTC"][when.value().ms / 1000] = *lag;
      if (const auto lag = rows.maybe_number(eth)) t.lag_s["ETH"][when.value().ms / 1000] = *lag;
    }
    if (rows.error()) return *rows.error();
  }
  return t;
}

std::optional<double> moved_gain(const Step& at, const SideTables& tables) {
  if (!at.from.perpetual || !at.to.perpetual) return std::nullopt;
  const auto move = [&](const Instant& i) -> std::optional<double> {
    std::vector<double> ratios;
    for (const auto& [expiry, forward] : i.chain.forwards) {
      const auto candle = tables.candle.find({at.coin, expiry, i.chain.as_of});
      if (candle != tables.candle.end()) ratios.push_back(forward / candle->second);
    }
    if (ratios.empty()) return std::nullopt;
    return median(ratios);
  };
  const auto a = move(at.from), b = move(at.to);
  if (!a || !b) return std::nullopt;
  return 1.0 - *at.from.perpetual * *a / (*at.to.perpetual * *b);
}

void add_basis(const Step& at, const SideTables& tables, BasisMoves& sum) {
  if (!at.from.perpetual || !at.to.perpetual) return;
  const auto lags = tables.lag_s.find(at.coin);
  if (lags == tables.lag_s.end()) return;
  const auto lag = [&](const Instant& i) {
    const auto found = lags->second.find(i.chain.as_of.ms / 1000);
    return found == lags->second.end() ? NAN : std::abs(found->second);
  };
  std::vector<double> moves, vols;
  for (const Time t : at.from.listed) {
    const auto a = at.from.chain.forwards.find(t), b = at.to.chain.forwards.find(t);
    if (!at.to.listed.contains(t) || a == at.from.chain.forwards.end() || b == at.to.chain.forwards.end()) continue;
    moves.push_back(math::log_ratio(b->second, *at.to.perpetual) - math::log_ratio(a->second, *at.from.perpetual));
  }
  for (const auto& [name, option] : at.from.chain.options) {
    if (option.years.value < 14.0 / 365.0 && std::abs(option.moneyness) < 0.5) vols.push_back(option.vol.value);
  }
  const double seconds = lag(at.from) + lag(at.to);
  if (moves.empty() || vols.empty() || !std::isfinite(seconds)) return;
  const double move = median(moves), vol = median(vols);
  sum.common.push_back(move * move);
  sum.lagged.push_back(vol * vol / 31'536'000.0 * seconds);
}

}  // namespace ballast::study
