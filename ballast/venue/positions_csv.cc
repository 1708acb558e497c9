#include "ballast/venue/positions_csv.h"

#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/venue/deribit/name.h"
#include "ballast/venue/internal/csv.h"

namespace ballast::venue {
namespace {

constexpr std::size_t table_limit = std::size_t{64} << 20;  // bytes

std::optional<market::SizeUnit> parse_unit(std::string_view text) {
  for (const auto unit : {market::SizeUnit::coin, market::SizeUnit::usd, market::SizeUnit::contracts}) {
    if (text == market::name(unit)) return unit;
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<market::Position>> decode_positions_csv(std::string_view bytes) {
  enum { venue, instrument, quantity, unit, average_price };
  CsvRows rows(bytes, table_limit, {"venue", "instrument", "quantity", "unit"}, {"average_price"});
  std::vector<market::Position> positions;
  std::map<std::pair<std::string, std::string>, std::size_t> line_of;
  while (rows.next()) {
    market::Position position;
    position.venue = std::string(rows.text(venue));
    if (position.venue != "deribit") rows.reject(venue, "is not a venue that we know: write deribit");
    if (const auto parsed = deribit::parse_name(rows.text(instrument)); !parsed && !rows.error())
      rows.fail(parsed.error());
    position.instrument = std::string(rows.text(instrument));
    const auto [first, fresh] = line_of.try_emplace({position.venue, position.instrument}, rows.line());
    if (!fresh) rows.reject(instrument, fmt::format("is already in line {}", first->second));
    position.quantity = rows.number(quantity);
    if (position.quantity == 0.0) rows.reject(quantity, "is no position");
    const auto known = parse_unit(rows.text(unit));
    if (!known) rows.reject(unit, "is not a unit: write coin, usd or contracts");
    position.average_price = rows.maybe_number(average_price);
    if (position.average_price && !(*position.average_price > 0.0)) rows.reject(average_price, "must be positive");
    if (rows.error()) break;
    position.unit = *known;
    position.where = fmt::format("line {}", rows.line());
    positions.push_back(std::move(position));
  }
  if (rows.error()) return *rows.error();
  return positions;
}

}  // namespace ballast::venue
