#include "ballast/desk/candidates.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "ballast/pricing/black.h"
#include "ballast/vol/quoted.h"

namespace ballast::desk {
namespace {

// A search over whole lots branches on every candidate: options near the money are the ones with liquid quotes, and
// forty of them reach every strike and expiry that a book of today hedges with.
constexpr std::size_t most_options = 40;
constexpr double least_delta = 0.1, most_delta = 0.9;

bool two_sided(const market::Snapshot& market, const std::string& name) {
  const auto quote = market.quotes.find(name);
  return quote != market.quotes.end() && quote->second.bid && quote->second.ask;
}

std::vector<std::string> futures_of(const market::Snapshot& market, const std::string& underlying) {
  std::vector<std::string> found;
  for (const auto& [name, instrument] : market.instruments) {
    const bool future = instrument.kind == market::Kind::future || instrument.kind == market::Kind::perpetual;
    if (future && instrument.underlying == underlying && two_sided(market, name)) found.push_back(name);
  }
  return found;
}

std::vector<std::string> options_of(const market::Snapshot& market, const std::string& underlying) {
  const vol::QuotedChain chain = vol::quoted(market);
  std::vector<std::pair<double, std::string>> by_distance;
  for (const auto& [name, quoted] : chain.options) {
    const market::Instrument& instrument = market.instruments.at(name);
    if (instrument.underlying != underlying || !two_sided(market, name)) continue;
    const double delta = std::abs(pricing::black_delta({.forward = quoted.forward,
                                                        .strike = Price(instrument.strike),
                                                        .vol = quoted.vol,
                                                        .years = quoted.years,
                                                        .type = instrument.option_type}));
    if (delta >= least_delta && delta <= most_delta) by_distance.emplace_back(std::abs(delta - 0.5), name);
  }
  std::sort(by_distance.begin(), by_distance.end());
  std::vector<std::string> found;
  for (std::size_t i = 0; i < std::min(by_distance.size(), most_options); ++i) found.push_back(by_distance[i].second);
  return found;
}

}  // namespace

bool is_candidate_word(const std::string& word) { return word == "futures" || word == "options" || word == "all"; }

std::vector<std::string> candidates(const std::string& word, const market::Snapshot& cleaned,
                                    const std::string& underlying) {
  assert(is_candidate_word(word));
  std::vector<std::string> names;
  if (word != "options") names = futures_of(cleaned, underlying);
  if (word != "futures") {
    const auto options = options_of(cleaned, underlying);
    names.insert(names.end(), options.begin(), options.end());
  }
  return names;
}

}  // namespace ballast::desk
