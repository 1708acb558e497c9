#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ballast/base/time.h"

namespace ballast::market {

struct Level {
  double price = 0.0;   ///< instrument's quote unit
  double amount = 0.0;  ///< > 0, instrument's size unit
};

/// Greeks as the venue publishes them, in its own units; information only, never used for a hedge.
struct VenueGreeks {
  double delta = 0.0;           ///< coin per coin, Black (not premium-adjusted)
  std::optional<double> gamma;  ///< per USD
  std::optional<double> vega;   ///< USD per vol point
  std::optional<double> theta;  ///< USD per day, capped at the option's value
  std::optional<double> rho;    ///< USD per 1 % of rate
};

/// One instrument at one instant. An absent value is absent: it is never zero.
struct Quote {
  std::string instrument;
  Time sent;                                     ///< the venue's time of this state
  std::optional<double> bid, ask;                ///< > 0, instrument's quote unit
  std::optional<double> bid_amount, ask_amount;  ///< > 0, size unit
  std::optional<double> mark;                    ///< >= 0, the venue's fair price
  std::optional<Vol> mark_vol;                   ///< options
  std::optional<double> index;                   ///< USD per coin
  std::optional<double> underlying_price;        ///< the venue's forward for this option, USD per coin
  std::string underlying_index;                  ///< its label: a future, "SYN.…" or "index_price"
  std::optional<VenueGreeks> greeks;
  std::optional<double> open_interest;         ///< size unit
  std::optional<double> min_price, max_price;  ///< order bounds
  std::optional<double> funding_8h;            ///< perpetuals: fraction per 8 hours
  /// When mark, vol and index were stated, where a newer book was laid over them; absent: with `sent`.
  std::optional<Time> mark_sent;
  std::optional<bool> open;  ///< whether the venue trades it; absent when this source does not say
  /// The age of the quote is that of its oldest part.
  Time oldest() const { return mark_sent && *mark_sent < sent ? *mark_sent : sent; }
  std::vector<Level> bids, asks;  ///< best first; empty when no order book was given
};

}  // namespace ballast::market
