#pragma once
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/position.h"
#include "ballast/market/snapshot.h"

namespace ballast::store {

/// One snapshot of files of any market form (venue/deribit/form.h), each plain, gzip or zstd.
///
///  - An instrument list replaces the defaults of the names, wherever it stands; an instrument that it calls closed
///    keeps its quote with open = false.
///  - Of two quotes of one instrument the later `sent` wins, from two files with the same time the second file.
///  - An order book, or a best bid and ask, replaces bid and ask (and levels) of its instrument when it is not older,
///    and its time becomes the quote's; when it is older it is dropped as "older_book".
///  - A table of perpetual prices over time gives the row nearest to the latest time of all other files.
///  - An index is the one in USD where there is one, else that in USDC; then the latest; an index message or a chain's
///    median before what quotes carry along.
///  - as_of is the latest `sent`. A quote or an index that another one supersedes is not listed; what cannot be used is
///  in
///    `dropped`.
///
/// Faults  each message begins with the file's name: those of read_bytes() and of the decoders; bad_input for a file of
///         positions or accounts, or an archive of chains; out_of_sequence for an order-book change, which has no book
///         here; missing_data without a file. Instrument lists alone give a snapshot without quotes.
Result<market::Snapshot> read_snapshot(const std::vector<std::string>& paths);

/// The snapshot of one file's content, as read_snapshot() has it: for the members of an archive. Faults as there,
/// without a name in front.
Result<market::Snapshot> snapshot_of(const std::string& bytes);

/// Positions from our table or from the venue's JSON, by content. Position.where gets the file's name in front.
/// Faults: those of read_bytes() and of the decoders; bad_input for a file of another form.
Result<std::vector<market::Position>> read_positions(const std::string& path);

/// Accounts from the venue's JSON. Faults as read_positions().
Result<std::vector<market::Account>> read_accounts(const std::string& path);

}  // namespace ballast::store
