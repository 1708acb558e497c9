#include "ballast/app/smile_source.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ballast/app/inputs.h"
#include "ballast/base/text.h"

namespace ballast::app {
namespace {

constexpr std::size_t most_told = 3;  // reasons in one line of error

/// "27 of btc_usd, 40 of eth_usd": what a chain has.
std::string listed(const std::map<std::string, std::size_t>& options_of) {
  std::string all;
  for (const auto& [index, n] : options_of) all += fmt::format("{}{} of {}", all.empty() ? "" : ", ", n, index);
  return all;
}

std::string told(const std::vector<market::Dropped>& dropped) {
  std::string all;
  for (std::size_t i = 0; i < std::min(dropped.size(), most_told); ++i)
    all += fmt::format("{}{}: {} ({})", i ? "; " : "", dropped[i].instrument, dropped[i].reason, dropped[i].detail);
  if (dropped.size() > most_told) all += fmt::format("; and {} more", dropped.size() - most_told);
  return all.empty() ? "the chain has no option" : all;
}

}  // namespace

Result<std::string> chosen_index(const std::optional<std::string>& index, const std::optional<std::string>& underlying,
                                 const market::Snapshot& market, const vol::QuotedChain& chain) {
  std::map<std::string, std::size_t> all, fitting;
  for (const auto& [name, option] : chain.options) {
    const market::Instrument& instrument = market.instruments.at(name);
    ++all[instrument.index];
    if ((!index || *index == instrument.index) && (!underlying || *underlying == instrument.underlying))
      ++fitting[instrument.index];
  }
  if (fitting.size() == 1) return fitting.begin()->first;
  const std::string asked = index        ? "--index " + ballast::quoted(*index) + ": "
                            : underlying ? "--underlying " + ballast::quoted(*underlying) + ": "
                                         : "";
  if (all.empty()) {
    std::vector<market::Dropped> dropped = market.dropped;
    dropped.insert(dropped.end(), chain.dropped.begin(), chain.dropped.end());
    return Error{Fault::missing_data, asked + "no usable option: " + told(dropped)};
  }
  if (fitting.empty()) return Error{Fault::missing_data, asked + "the chain has options " + listed(all)};
  return Error{Fault::bad_flag, asked + "the chain has options " + listed(fitting) + ": choose with --index"};
}

Result<SmileSource> load_smiles(const MarketOptions& options, const std::optional<std::string>& index,
                                const std::optional<std::string>& underlying, const vol::QuoteRules& rules) {
  auto raw = load_market(options);
  if (!raw) return raw.error();
  SmileSource source;
  source.raw = std::move(raw).value();
  source.market = market::clean(source.raw, cleaning_rules(options));
  source.chain = vol::quoted(source.market);
  auto chosen = chosen_index(index, underlying, source.market, source.chain);
  if (!chosen) return chosen.error();
  source.index = std::move(chosen).value();
  source.quotes = vol::smile_quotes(source.market, source.chain, source.index, rules);
  if (source.quotes.slices.empty())
    return Error{Fault::missing_data, source.index + ": no usable expiry: " + told(source.quotes.dropped)};
  return source;
}

std::vector<market::Dropped> set_aside(const SmileSource& source) {
  std::map<std::string, market::Dropped> found;  // by name: the first reason is the one that counts
  for (const auto* list : {&source.market.dropped, &source.quotes.dropped}) {
    for (const market::Dropped& dropped : *list) {
      const auto instrument = source.raw.instruments.find(dropped.instrument);
      if (instrument != source.raw.instruments.end()
              ? instrument->second.is_option() && instrument->second.index == source.index
              : static_cast<bool>(parse_time(dropped.instrument)))
        found.emplace(dropped.instrument, dropped);
    }
  }
  std::vector<market::Dropped> all;
  for (auto& [name, dropped] : found) all.push_back(std::move(dropped));
  return all;
}

std::string counted(const std::vector<market::Dropped>& dropped) {
  std::map<std::string, std::size_t> count;
  for (const market::Dropped& d : dropped) ++count[d.reason];
  std::string reasons;
  for (const auto& [reason, n] : count) reasons += fmt::format("{}{} {}", reasons.empty() ? ": " : ", ", n, reason);
  return fmt::format("{} set aside{}", dropped.size(), reasons);
}

}  // namespace ballast::app
