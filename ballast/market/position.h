#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/market/instrument.h"

namespace ballast::market {

/// One line of a book. Quantity is signed: long > 0.
struct Position {
  std::string venue;  ///< "deribit"
  std::string instrument;
  double quantity = 0.0;  ///< signed, in `unit`
  SizeUnit unit = SizeUnit::coin;
  std::optional<double> average_price;  ///< instrument's quote unit; harmonic mean for inverse futures
  std::string where;                    ///< for messages: "book.csv: line 4"
};

/// What the venue says of one currency's account. All in that currency, deltas in coin.
struct Account {
  std::string currency;  ///< "BTC"
  double equity = 0.0;
  std::string margin_model;             ///< the venue's word, "segregated_sm", "cross_pm", …; empty when not said
  std::optional<double> balance;        ///< cash, without unrealised profit and option value
  std::optional<double> options_value;  ///< value of all option positions
  std::optional<double> session_rpl, futures_session_upl;
  std::optional<double> margin_balance, initial_margin, maintenance_margin, available_funds;
  std::optional<double> options_delta;  ///< sum of Black deltas of option positions
  std::optional<double> delta_total;    ///< premium-adjusted: futures + options_delta - options_value
  std::optional<double> projected_delta_total;
  std::map<std::string, double> delta_total_map;  ///< by index, without the premium adjustment
};

/// A book of positions, and the accounts that hold it where they are known (by currency).
struct Portfolio {
  std::vector<Position> positions;
  std::map<std::string, Account> accounts;
};

}  // namespace ballast::market
