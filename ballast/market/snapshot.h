#pragma once
#include <map>
#include <string>
#include <vector>

#include "ballast/market/instrument.h"
#include "ballast/market/quote.h"

namespace ballast::market {

struct Index {
  double price = 0.0;  ///< > 0, USD per coin
  Time sent;
};

/// Something that came in and is not used, and why. Nothing disappears without one.
struct Dropped {
  std::string instrument;
  std::string reason;  ///< a fixed word: see market/clean.h
  std::string detail;  ///< the offending values
};

/// Instruments and quotes at one instant, of any number of underlyings.
struct Snapshot {
  Time as_of;                                     ///< the instant that the answer is for
  std::map<std::string, Instrument> instruments;  ///< by name
  std::map<std::string, Quote> quotes;            ///< by name; each has its instrument
  std::map<std::string, Index> indices;           ///< by underlying
  std::vector<Dropped> dropped;
};

}  // namespace ballast::market
