#pragma once
#include <string>

#include "ballast/base/result.h"
#include "ballast/hedge/bands.h"

namespace ballast::app {

/// A rebalancing rule as a word of the command line:
///   time:8h          every eight hours; also 30m, 1d
///   leland:8h        the same, at Leland's vol for that interval
///   move:0.02        when the price has moved by 2 % since the last trade
///   band:0.05        to the nearest edge when the delta per coin is off by more than 0.05; the first trade to the
///   middle ww:1             Whalley and Wilmott's band for an aversion of 1/USD zak:1            Zakamouline's
/// and `:middle` behind the last three for trades to the middle. The cost rate is what the rule believes trades to
/// cost. Fault bad_flag names the word and what is due.
Result<hedge::RebalanceRule> parse_rule(const std::string& word, double cost_rate);

}  // namespace ballast::app
