#include "ballast/venue/book_trades_csv.h"

#include <doctest/doctest.h>

namespace ballast {
namespace {

TEST_CASE("a table of trades is read in its order") {
  const auto read = venue::decode_book_trades_csv(
      "time,instrument,amount,price,note\n# sold\n2026-06-07 03:28:22,BTC-9JUN26-58500-P,-1,0.0065,x\n"
      "2026-06-07T03:28:22Z,BTC-PERPETUAL,-12030,61598.5,\n");
  REQUIRE(read);
  REQUIRE(read.value().size() == 2);
  CHECK(read.value()[0].instrument == "BTC-9JUN26-58500-P");
  CHECK(read.value()[0].amount == -1.0);
  CHECK(read.value()[0].price == 0.0065);
  CHECK(to_string(read.value()[1].at) == "2026-06-07T03:28:22Z");
}

TEST_CASE("a table of trades names the line that is wrong") {
  const std::string head = "time,instrument,amount,price\n";
  const auto fault = [&](const std::string& rows) {
    const auto read = venue::decode_book_trades_csv(head + rows);
    return read ? std::string("read") : read.error().what;
  };
  CHECK(fault("2026-06-07 03:28,BTC-9JUN26-58500-P,0,0.1\n").find("line 2: amount: '0' is no trade") == 0);
  CHECK(fault("noon,BTC-9JUN26-58500-P,1,0.1\n").find("line 2: time: 'noon' is no time") == 0);
  CHECK(fault("2026-06-07,BTC-PERPETUAL,10,60000\n2026-06-06,BTC-PERPETUAL,10,60000\n").find("line 3: time") == 0);
  CHECK(fault("2026-06-07,BTC-PERPETUAL,10,0\n").find("line 2: price: '0' is no price of a future") == 0);
  CHECK(fault("2026-06-07,BTC-9JUN26-58500-P,1,-0.1\n").find("line 2: price") == 0);
  CHECK(fault("2026-06-07,BTC-ODD,1,0.1\n").find("line 2: ") == 0);
  CHECK(fault("2026-06-07,BTC-9JUN26-58500-P,1,0\n") == "read");  // an option may be given away
}

}  // namespace
}  // namespace ballast
