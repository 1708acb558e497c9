#include "ballast/app/inputs.h"

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/store/snapshot.h"
#include "ballast/venue/deribit/account.h"
#include "ballast/venue/deribit/name.h"

namespace ballast::app {

Result<market::Snapshot> load_market(const MarketOptions& options) {
  auto market = store::read_snapshot(options.chain);
  if (market && market.value().quotes.empty()) return Error{Fault::missing_data, "no file of --chain has a quote"};
  if (!market || !options.as_of) return market;
  const auto as_of = parse_time(*options.as_of);
  if (!as_of) return Error{Fault::bad_flag, "--as-of " + as_of.error().what};
  market::Snapshot at = std::move(market).value();
  at.as_of = as_of.value();
  return at;
}

market::CleaningRules cleaning_rules(const MarketOptions& options) {
  const market::CleaningRules rules;
  return options.max_age_s ? rules.with_age(*options.max_age_s) : rules;
}

Result<market::Portfolio> load_portfolio(const std::string& book, const std::optional<std::string>& account,
                                         const std::vector<std::string>& equity) {
  market::Portfolio portfolio;
  auto positions = store::read_positions(book);
  if (!positions) return positions.error();
  portfolio.positions = std::move(positions).value();
  if (account) {
    auto accounts = store::read_accounts(*account);
    if (!accounts) return accounts.error();
    for (market::Account& a : std::move(accounts).value()) {
      const std::string currency = a.currency;
      if (const auto faults = venue::deribit::identity_faults(a); !faults.empty()) {
        return Error{Fault::missing_data,
                     fmt::format("{}: the {} account does not add up: {}", *account, currency, faults.front())};
      }
      if (!portfolio.accounts.emplace(currency, std::move(a)).second) {
        return Error{Fault::bad_input, fmt::format("{}: two accounts in {}", *account, currency)};
      }
    }
  }
  for (const std::string& given : equity) {
    const auto parts = split(given, '=');
    const auto amount = parts.size() == 2 ? parse_number(parts[1]) : std::nullopt;
    if (!amount || parts[0].empty()) {
      return Error{Fault::bad_flag,
                   fmt::format("--equity {}: write CURRENCY=AMOUNT, such as BTC=12.5", ballast::quoted(given))};
    }
    const std::string currency(parts[0]);
    if (!portfolio.accounts.emplace(currency, market::Account{.currency = currency, .equity = *amount}).second) {
      return Error{Fault::bad_flag,
                   fmt::format("--equity {}: the equity of {} is given twice", ballast::quoted(given), currency)};
    }
  }
  return portfolio;
}

std::optional<Error> add_instruments(market::Snapshot& market, const std::vector<std::string>& names) {
  for (const std::string& instrument : names) {
    if (market.instruments.contains(instrument)) continue;
    auto parsed = venue::deribit::parse_name(instrument);
    if (!parsed) return parsed.error();
    market.instruments.emplace(instrument, std::move(parsed).value());
  }
  return std::nullopt;
}

std::optional<Error> add_book_instruments(market::Snapshot& market, const market::Portfolio& portfolio) {
  for (const market::Position& p : portfolio.positions) {
    if (const auto error = add_instruments(market, {p.instrument})) return in(p.where, *error);
    const std::string& underlying = market.instruments.at(p.instrument).underlying;
    if (const auto error = add_instruments(market, {underlying + "-PERPETUAL", underlying + "_USDC-PERPETUAL"}))
      return error;
  }
  return std::nullopt;
}

}  // namespace ballast::app
