#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ballast/app/commands.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/quoted.h"
#include "ballast/vol/smile_quotes.h"

namespace ballast::app {

/// The smiles of one index, as every command that fits them reads them: same cleaning, same refusals.
struct SmileSource {
  market::Snapshot raw;     ///< as read
  market::Snapshot market;  ///< cleaned
  vol::QuotedChain chain;
  std::string index;        ///< "btc_usd"
  vol::SmileQuotes quotes;  ///< at least one slice
};

/// Faults   those of load_market(); missing_data: no usable option or expiry of the index, with the reasons; bad_flag:
///          the chain has several and neither `index` nor `underlying` chooses one.
Result<SmileSource> load_smiles(const MarketOptions& options, const std::optional<std::string>& index,
                                const std::optional<std::string>& underlying, const vol::QuoteRules& rules);

/// What was set aside of the index and why: its options and its expiries as a whole, each with its first reason.
std::vector<market::Dropped> set_aside(const SmileSource& source);

/// "2 set aside: 1 stale, 1 too_near".
std::string counted(const std::vector<market::Dropped>& dropped);

/// The one index that the flags name, or the only one that the chain has.
/// Faults   missing_data: none; bad_flag: several.
Result<std::string> chosen_index(const std::optional<std::string>& index, const std::optional<std::string>& underlying,
                                 const market::Snapshot& market, const vol::QuotedChain& chain);

}  // namespace ballast::app
