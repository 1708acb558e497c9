#pragma once
#include "ballast/base/codec.h"
#include "ballast/market/event.h"

/// What happens on a market and in an account, as bytes (base/codec.h). A change here or in one of the structs is a new
/// version of all that is kept: desk/state_bytes.h, sim/state_bytes.h and desk/journal.h.
namespace ballast {

template <>
inline constexpr std::size_t member_count<market::TickStep> = 2;
template <>
inline constexpr std::size_t member_count<market::TickLadder> = 2;
template <>
inline constexpr std::size_t member_count<market::Fees> = 3;
template <>
inline constexpr std::size_t member_count<market::Instrument> = 14;

template <>
inline constexpr std::size_t member_count<market::Level> = 2;
template <>
inline constexpr std::size_t member_count<market::VenueGreeks> = 5;
template <>
inline constexpr std::size_t member_count<market::Quote> = 20;

template <>
inline constexpr std::size_t member_count<market::Index> = 2;
template <>
inline constexpr std::size_t member_count<market::Dropped> = 3;
template <>
inline constexpr std::size_t member_count<market::Snapshot> = 5;

template <>
inline constexpr std::size_t member_count<market::Position> = 6;
template <>
inline constexpr std::size_t member_count<market::Account> = 15;
template <>
inline constexpr std::size_t member_count<market::Portfolio> = 2;
template <>
inline constexpr std::size_t member_count<market::Ticket> = 8;

template <>
inline constexpr std::size_t member_count<market::ChainSeen> = 1;
template <>
inline constexpr std::size_t member_count<market::QuoteSeen> = 1;
template <>
inline constexpr std::size_t member_count<market::InstrumentListed> = 1;
template <>
inline constexpr std::size_t member_count<market::IndexSeen> = 2;
template <>
inline constexpr std::size_t member_count<market::Traded> = 5;
template <>
inline constexpr std::size_t member_count<market::TicketClosed> = 3;
template <>
inline constexpr std::size_t member_count<market::Delivered> = 4;
template <>
inline constexpr std::size_t member_count<market::Funded> = 2;
template <>
inline constexpr std::size_t member_count<market::AccountSeen> = 1;
template <>
inline constexpr std::size_t member_count<market::HedgeDue> = 0;
template <>
inline constexpr std::size_t member_count<market::Event> = 2;

}  // namespace ballast
