#include "ballast/sim/book.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ballast/hedge/lots.h"
#include "ballast/math/elementary.h"
#include "ballast/pricing/black.h"
#include "ballast/pricing/inverse.h"
#include "ballast/sim/internal/draws.h"

namespace ballast::sim {
namespace {

using market::Instrument;
using market::OptionType;
using market::Quote;
using market::Settlement;

constexpr double day_s = 86'400.0;
constexpr int most_clients = 10'000;  // an instant
// "maker": no path of a drawn market has this number, so that one seed may serve both and they stay independent.
constexpr std::uint64_t maker_path = 0x6d616b6572;

/// What a book sees of the market at one instant.
struct View {
  const std::string& underlying;
  const market::Snapshot& snapshot;
  const vol::QuotedChain& chain;
};

/// An option that is quoted and has a vol.
struct Candidate {
  const Instrument* instrument;
  const Quote* quote;
  const vol::QuotedOption* seen;
};

pricing::Vanilla vanilla(const Instrument& i, const vol::QuotedOption& o) {
  return {o.forward, Price(i.strike), o.vol, o.years, i.option_type};
}

/// By name, which is what makes every choice among equals one choice.
std::vector<Candidate> candidates(const View& view) {
  std::vector<Candidate> inverse, linear;
  for (const auto& [name, option] : view.chain.options) {
    const Instrument& i = view.snapshot.instruments.at(name);
    if (i.underlying != view.underlying) continue;
    (i.settlement == Settlement::inverse ? inverse : linear).push_back({&i, &view.snapshot.quotes.at(name), &option});
  }
  return inverse.empty() ? linear : inverse;
}

double net_delta(const Candidate& c) {
  const pricing::Vanilla option = vanilla(*c.instrument, *c.seen);
  return c.instrument->settlement == Settlement::inverse ? pricing::inverse_greeks(option).net_delta
                                                         : pricing::black_delta(option);
}

double vega_point(const Instrument& i, const vol::QuotedOption& o) {
  return pricing::black_greeks(vanilla(i, o)).vega / 100.0;
}

std::optional<double> mark_of(const View& view, const std::string& name) {
  const auto quote = view.snapshot.quotes.find(name);
  if (quote == view.snapshot.quotes.end()) return std::nullopt;
  const Quote& q = quote->second;
  if (q.mark) return q.mark;
  if (q.bid && q.ask) return 0.5 * (*q.bid + *q.ask);
  return std::nullopt;
}

Result<double> whole_lots(const Instrument& i, double coins) {
  const auto lots = hedge::lots_of(i, coins);
  if (!lots) return lots.error();
  return hedge::amount_of_lots(i, std::max<std::int64_t>(lots.value(), 1));
}

/// Adds a trade to the position; what is left of rounding where nothing is held is nothing.
void add(BookState& state, const BookTrade& trade, double lot) {
  const auto [held, fresh] = state.amounts.try_emplace(trade.instrument, 0.0);
  held->second += trade.amount;
  if (std::abs(held->second) < 1e-6 * lot) state.amounts.erase(held);
}

using Trades = std::vector<BookTrade>;

Result<Trades> of(const HeldBook& book, BookState& state, const View& view) {
  Trades out;
  if (state.begun) return out;
  for (const auto& [name, amount] : book.amounts) {
    const auto mark = mark_of(view, name);
    if (!mark || !view.snapshot.instruments.contains(name)) {
      return Error{Fault::missing_data,
                   fmt::format("held book: {} has no mark at {}", name, to_string(view.snapshot.as_of))};
    }
    out.push_back({view.snapshot.as_of, name, amount, *mark});
  }
  return out;
}

Result<Trades> of(const RecordedBook& book, BookState& state, const View& view) {
  Trades out;
  for (; state.done < book.trades.size() && book.trades[state.done].at <= view.snapshot.as_of; ++state.done) {
    const BookTrade& trade = book.trades[state.done];
    if (!view.snapshot.instruments.contains(trade.instrument)) {
      return Error{Fault::missing_data,
                   fmt::format("recorded book: {}, traded at {}, is not listed at {}", trade.instrument,
                               to_string(trade.at), to_string(view.snapshot.as_of))};
    }
    out.push_back({view.snapshot.as_of, trade.instrument, trade.amount, trade.price});
  }
  return out;
}

/// What the strangle gets or pays for an option, absent where it cannot be traded.
std::optional<double> price_to(bool sell, bool cross, const Quote& quote, const vol::QuotedOption* seen) {
  if (cross) return sell ? quote.bid : quote.ask;
  if (seen) return seen->price;
  return quote.mark;
}

bool due_to_roll(const StrangleBook& book, const BookState& state, const View& view) {
  return std::any_of(state.amounts.begin(), state.amounts.end(), [&](const auto& held) {
    const auto i = view.snapshot.instruments.find(held.first);
    return i != view.snapshot.instruments.end() &&
           seconds_between(view.snapshot.as_of, i->second.expiry) < book.roll_days * day_s;
  });
}

/// The trades that close everything; none while one of them cannot be done.
Trades closing(const StrangleBook& book, const BookState& state, const View& view) {
  Trades out;
  for (const auto& [name, amount] : state.amounts) {
    const auto quote = view.snapshot.quotes.find(name);
    const auto seen = view.chain.options.find(name);
    const auto price = quote == view.snapshot.quotes.end()
                           ? std::nullopt
                           : price_to(amount > 0.0, book.cross, quote->second,
                                      seen == view.chain.options.end() ? nullptr : &seen->second);
    if (!price) return {};
    out.push_back({view.snapshot.as_of, name, -amount, *price});
  }
  return out;
}

/// The options of the expiry nearest to `days` with at least one call and one put that can be sold.
std::vector<Candidate> nearest_expiry(const StrangleBook& book, const View& view) {
  std::map<Time, std::vector<Candidate>> by_expiry;
  for (const Candidate& c : candidates(view)) {
    if (seconds_between(view.snapshot.as_of, c.instrument->expiry) < book.roll_days * day_s) continue;
    if (price_to(true, book.cross, *c.quote, c.seen)) by_expiry[c.instrument->expiry].push_back(c);
  }
  double least = std::numeric_limits<double>::infinity();
  std::vector<Candidate> found;
  for (auto& [expiry, options] : by_expiry) {
    const auto has = [&](OptionType type) {
      return std::any_of(options.begin(), options.end(),
                         [&](const Candidate& c) { return c.instrument->option_type == type; });
    };
    const double off = std::abs(seconds_between(view.snapshot.as_of, expiry) - book.days * day_s);
    if (!(off < least) || !has(OptionType::call) || !has(OptionType::put)) continue;
    least = off;
    found = std::move(options);
  }
  return found;
}

/// The candidate with the least `off`, of equals the one of the lower strike; absent where all are infinite.
template <class Off>
const Candidate* nearest(const std::vector<Candidate>& options, Off off) {
  const Candidate* found = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const Candidate& c : options) {
    const double apart = off(c);
    const bool lower = found && apart == least && c.instrument->strike < found->instrument->strike;
    if (!(apart < least) && !(lower && std::isfinite(apart))) continue;
    found = &c;
    least = apart;
  }
  return found;
}

struct Legs {
  const Candidate *call = nullptr, *put = nullptr;
};

Legs straddle(const std::vector<Candidate>& options) {
  constexpr double never_taken = std::numeric_limits<double>::infinity();
  const auto at = [&](double strike, OptionType type) {
    return nearest(options, [&](const Candidate& c) {
      return c.instrument->option_type == type && c.instrument->strike == strike ? 0.0 : never_taken;
    });
  };
  const Candidate* call = nearest(options, [&](const Candidate& c) {
    const bool pair = c.instrument->option_type == OptionType::call && at(c.instrument->strike, OptionType::put);
    return pair ? std::abs(c.instrument->strike - c.seen->forward.value) : never_taken;
  });
  return {call, call ? at(call->instrument->strike, OptionType::put) : nullptr};
}

Legs strangle(const std::vector<Candidate>& options, double delta) {
  const auto leg = [&](OptionType type) {
    return nearest(options, [&](const Candidate& c) {
      const double k = c.instrument->strike, f = c.seen->forward.value;
      const bool out_of_the_money = type == OptionType::call ? k >= f : k <= f;
      if (c.instrument->option_type != type || !out_of_the_money) return std::numeric_limits<double>::infinity();
      return std::abs(std::abs(net_delta(c)) - delta);
    });
  };
  return {leg(OptionType::call), leg(OptionType::put)};
}

Result<Trades> of(const StrangleBook& book, BookState& state, const View& view) {
  Trades out;
  if (!state.amounts.empty()) {
    if (!due_to_roll(book, state, view)) return out;
    out = closing(book, state, view);
    if (out.empty()) return out;
  }
  const std::vector<Candidate> options = nearest_expiry(book, view);
  const Legs legs = book.straddle ? straddle(options) : strangle(options, book.delta);
  if (!legs.call || !legs.put) {
    return Error{Fault::missing_data, fmt::format("strangle: no call and put of {} to sell at {}, {} days ahead",
                                                  view.underlying, to_string(view.snapshot.as_of), book.days)};
  }
  for (const Candidate* leg : {legs.call, legs.put}) {
    const auto amount = whole_lots(*leg->instrument, book.coins);
    if (!amount) return amount.error();
    out.push_back({view.snapshot.as_of, leg->instrument->name, -amount.value(),
                   *price_to(true, book.cross, *leg->quote, leg->seen)});
  }
  return out;
}

/// What clients choose from, with the sums of the weights up to and with each.
struct Menu {
  std::vector<Candidate> options;
  std::vector<double> up_to;
};

Menu menu(const MakerBook& book, const View& view) {
  Menu found;
  double sum = 0.0;
  for (const Candidate& c : candidates(view)) {
    const double years = c.seen->years.value;
    if (!c.quote->bid || !c.quote->ask || years * 365.0 > book.most_days) continue;
    const double d = math::log_ratio(c.instrument->strike, c.seen->forward.value) /
                     (c.seen->vol.value * std::sqrt(years) * book.width);
    sum += math::exp(-0.5 * d * d);
    found.options.push_back(c);
    found.up_to.push_back(sum);
  }
  return found;
}

Result<Trades> of(const MakerBook& book, BookState& state, const View& view) {
  Trades out;
  Rng rng = internal::draws(book.seed, maker_path, state.rng++);
  if (!state.begun) return out;
  const double days = seconds_between(state.last, view.snapshot.as_of) / day_s;
  const int clients = internal::poisson(rng, book.trades_a_day * days, most_clients);
  if (clients == most_clients) {
    return Error{Fault::limit, fmt::format("maker: {} clients or more in {} days", most_clients, days)};
  }
  if (clients == 0) return out;
  const Menu offered = menu(book, view);
  if (offered.options.empty() || !(offered.up_to.back() > 0.0)) return out;  // nobody can trade
  double vega = vega_usd(state, view.snapshot, view.chain);
  for (int n = 0; n < clients; ++n) {
    const double drawn = rng.uniform() * offered.up_to.back();
    const auto at = std::upper_bound(offered.up_to.begin(), offered.up_to.end(), drawn) - offered.up_to.begin();
    const bool buys = rng.uniform() < 0.5;  // the maker, from a client who sells
    const double coins = -book.coins * math::log(rng.uniform());
    const Candidate& c = offered.options[std::min(static_cast<std::size_t>(at), offered.options.size() - 1)];
    const auto size = whole_lots(*c.instrument, coins);
    if (!size) return size.error();
    const double amount = buys ? size.value() : -size.value();
    const double after = vega + amount * vega_point(*c.instrument, *c.seen);
    if (std::abs(after) > book.most_vega_usd && std::abs(after) >= std::abs(vega)) continue;
    const double fair = std::clamp(c.seen->price, *c.quote->bid, *c.quote->ask);
    const double side = buys ? *c.quote->bid : *c.quote->ask;
    out.push_back({view.snapshot.as_of, c.instrument->name, amount, fair + book.edge * (side - fair)});
    vega = after;
  }
  return out;
}

Error off(const char* name, double value, const char* domain) {
  return {Fault::bad_input, fmt::format("book: {} is {}, it must lie within {}", name, value, domain)};
}

std::optional<Error> fault_of(const HeldBook& b) {
  for (const auto& [name, amount] : b.amounts) {
    if (!std::isfinite(amount) || amount == 0.0) {
      return Error{Fault::bad_input, fmt::format("book: {} of {} cannot be held", amount, name)};
    }
  }
  return std::nullopt;
}

std::optional<Error> fault_of(const RecordedBook& b) {
  for (std::size_t n = 0; n < b.trades.size(); ++n) {
    const BookTrade& t = b.trades[n];
    const std::string where = fmt::format("book: trade {} of {} at {}", n + 1, t.instrument, to_string(t.at));
    if (!std::isfinite(t.amount) || t.amount == 0.0) {
      return Error{Fault::bad_input, fmt::format("{}: amount {}", where, t.amount)};
    }
    if (!std::isfinite(t.price) || t.price < 0.0) {
      return Error{Fault::bad_input, fmt::format("{}: price {}", where, t.price)};
    }
    if (n > 0 && t.at < b.trades[n - 1].at) {
      return Error{Fault::bad_input, where + ": it is earlier than the one before it"};
    }
  }
  return std::nullopt;
}

std::optional<Error> fault_of(const StrangleBook& b) {
  if (!(b.coins > 0.0 && b.coins <= 1e9)) return off("coins", b.coins, "(0, 1e9]");
  if (!(b.days > 0.0 && b.days <= 1e4)) return off("days", b.days, "(0, 1e4]");
  if (!(b.delta > 0.0 && b.delta <= 0.5)) return off("delta", b.delta, "(0, 0.5]");
  if (!(b.roll_days >= 0.0 && b.roll_days <= 1e4)) return off("roll_days", b.roll_days, "[0, 1e4]");
  return std::nullopt;
}

std::optional<Error> fault_of(const MakerBook& b) {
  if (!(b.trades_a_day > 0.0 && b.trades_a_day <= 1e4)) return off("trades_a_day", b.trades_a_day, "(0, 1e4]");
  if (!(b.coins > 0.0 && b.coins <= 1e9)) return off("coins", b.coins, "(0, 1e9]");
  if (!(b.most_days > 0.0)) return off("most_days", b.most_days, "(0, inf)");
  if (!(b.width > 0.0)) return off("width", b.width, "(0, inf)");
  if (!(b.edge >= 0.0 && b.edge <= 1.0)) return off("edge", b.edge, "[0, 1]");
  if (!(b.most_vega_usd > 0.0)) return off("most_vega_usd", b.most_vega_usd, "(0, inf)");
  return std::nullopt;
}

}  // namespace

std::optional<Error> fault(const Book& book) {
  return std::visit([](const auto& b) { return fault_of(b); }, book);
}

Result<std::vector<BookTrade>> trades(const Book& book, BookState& state, const std::string& underlying,
                                      const market::Snapshot& snapshot, const vol::QuotedChain& chain) {
  BookState after = state;
  auto done = std::visit([&](const auto& b) { return of(b, after, {underlying, snapshot, chain}); }, book);
  if (!done) return done;
  for (const BookTrade& trade : done.value()) {
    add(after, trade, snapshot.instruments.at(trade.instrument).lot);
  }
  after.begun = true;
  after.last = snapshot.as_of;
  state = std::move(after);
  return done;
}

void forget(BookState& state, const std::string& instrument) { state.amounts.erase(instrument); }

double vega_usd(const BookState& state, const market::Snapshot& snapshot, const vol::QuotedChain& chain) {
  double sum = 0.0;
  for (const auto& [name, amount] : state.amounts) {
    const auto option = chain.options.find(name);
    if (option != chain.options.end()) sum += amount * vega_point(snapshot.instruments.at(name), option->second);
  }
  return sum;
}

}  // namespace ballast::sim
