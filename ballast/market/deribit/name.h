#pragma once
#include <string>
#include <string_view>

#include "ballast/base/result.h"
#include "ballast/market/instrument.h"

/// How Deribit calls its contracts, and what is documented of them. In market and not in venue, because a simulated
/// market lists the same contracts and never sees a message.
namespace ballast::market::deribit {

inline constexpr int expiry_hour = 8;  ///< UTC, both daily settlement and expiry

/// The instrument behind a Deribit name, with the venue's documented defaults of contract size, lot, ticks and fees
/// (`from_venue` is false: the instrument list replaces them, because all of them change without a new name).
///
///   BTC-PERPETUAL, BTC-25DEC26        inverse, sized in USD
///   BTC-25DEC26-100000-C              inverse option, priced and sized in coin
///   ETH_USDC-PERPETUAL, BTC_USDC-25DEC26, XRP_USDC-25SEP26-1d52-C   linear; `d` is the decimal point
///   BTC_USDC, ETH_BTC                 spot
///
/// Units   as Instrument says; expiry is 08:00:00 UTC of the day named, `never` for perpetuals and spot.
/// Faults  not_ours for a combo (BTC-FS-…, -CS-, -STRG-, …: positions live in its legs); bad_field for everything
///         else that is not exactly one of the forms above, the offending name in the message.
/// Source  Deribit API v2, "Naming" and the contract specifications; recorded lists of 2021, 2022 and 2026.
Result<Instrument> parse_name(std::string_view name);

/// The venue's name of an instrument, from its fields alone: format_name(parse_name(x)) == x for every name.
std::string format_name(const Instrument& instrument);

/// Sets contract size, lot, ticks and fees to the documented ones of the kind, the settlement and the underlying,
/// which are due.
/// Source   docs/sources.md: deribit 1.1, 1.2, 1.6; what is not verified is marked in name.cc.
void set_documented_terms(Instrument& instrument);

}  // namespace ballast::market::deribit
