#include "tests/path_sets.h"

#include <cmath>

#include "tests/support.h"

namespace ballast::test {
namespace {

using namespace model;

Heston heston(const Row& r) {
  return {.v0 = r["v0"], .kappa = r["kappa"], .theta = r["theta"], .xi = r["sigma"], .rho = r["rho"]};
}

PathModel model_of(const std::string& table, const Row& r) {
  if (table == "merton") return Merton{r["sigma"], {r["lambda"], r["muJ"], r["sigmaJ"]}};
  if (table == "kou") return Kou{r["sigma"], r["lambda"], r["p"], r["eta1"], r["eta2"]};
  if (table == "heston") return heston(r);
  if (table == "bates") return Bates{heston(r), {r["lambda"], r["muJ"], r["sigmaJ"]}};
  return Svcj{heston(r), {r["lambda"], r["mu_s"], r["sigma_s"]}, r["mu_v"], r["rho_J"]};
}

}  // namespace

std::vector<PathSet> path_sets() {
  std::vector<PathSet> sets;
  for (const std::string table : {"merton", "kou", "heston", "bates", "svcj"})
    for (const Row& row : read_csv("tests/data/" + table + "_prices.csv")) {
      const double years = row["T"], discount = std::exp(-row["r"] * years);
      if (sets.empty() || sets.back().table != table || sets.back().set != row.text("set"))
        sets.push_back({.table = table,
                        .set = row.text("set"),
                        .model = model_of(table, row),
                        .forward = row["S"] * std::exp((row["r"] - row["q"]) * years),
                        .years = years,
                        .strikes = {},
                        .calls = {}});
      sets.back().strikes.push_back(row["K"]);
      sets.back().calls.push_back(row["call"] / discount);
    }
  return sets;
}

std::vector<double> equal_steps(double years, std::size_t steps) {
  std::vector<double> grid(steps);
  for (std::size_t i = 0; i < steps; ++i) grid[i] = years * static_cast<double>(i + 1) / static_cast<double>(steps);
  return grid;
}

}  // namespace ballast::test
