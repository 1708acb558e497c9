#pragma once
#include "ballast/base/codec.h"
#include "ballast/desk/codec.h"
#include "ballast/sim/backtest.h"

/// What an account of a run remembers, as bytes (base/codec.h). A change is a new version of all that is kept: see
/// market/codec.h.
namespace ballast {

template <>
inline constexpr std::size_t member_count<sim::Holding> = 2;
template <>
inline constexpr std::size_t member_count<sim::Ledger> = 2;
template <>
inline constexpr std::size_t member_count<sim::Venue> = 1;
template <>
inline constexpr std::size_t member_count<sim::BookState> = 5;
template <>
inline constexpr std::size_t member_count<sim::Mark> = 8;
template <>
inline constexpr std::size_t member_count<sim::Marks> = 3;
template <>
inline constexpr std::size_t member_count<sim::IndexPoint> = 2;
template <>
inline constexpr std::size_t member_count<sim::Equity> = 2;
template <>
inline constexpr std::size_t member_count<sim::RuleState> = 9;

}  // namespace ballast
