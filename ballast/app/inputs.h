#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ballast/app/commands.h"
#include "ballast/market/clean.h"
#include "ballast/market/position.h"
#include "ballast/market/snapshot.h"

namespace ballast::app {

/// The market that the options name: files read and merged, `as_of` set.
Result<market::Snapshot> load_market(const MarketOptions& options);

/// The rules of the door, with the user's age limit where there is one.
market::CleaningRules cleaning_rules(const MarketOptions& options);

/// The book, its accounts and the equities given by hand. An equity given both ways is an error.
Result<market::Portfolio> load_portfolio(const std::string& book, const std::optional<std::string>& account,
                                         const std::vector<std::string>& equity);

/// Gives every named instrument that the market's files did not list the venue's documented defaults (a chain of
/// options does not list the perpetual that hedges it). Fault bad_input names what is not an instrument's name.
std::optional<Error> add_instruments(market::Snapshot& market, const std::vector<std::string>& names);

/// The same for what a book holds and for the perpetuals that hedge it by default; a fault names the line of the book.
std::optional<Error> add_book_instruments(market::Snapshot& market, const market::Portfolio& portfolio);

}  // namespace ballast::app
