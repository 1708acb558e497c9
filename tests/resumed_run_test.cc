// A run that is cut and taken up again from its bytes is the run that was not cut: nothing that matters is forgotten.
#include <doctest/doctest.h>

#include "ballast/desk/journal.h"
#include "ballast/sim/backtest.h"
#include "ballast/sim/market_path.h"
#include "ballast/sim/modelled_chain.h"
#include "ballast/sim/state_bytes.h"

using namespace ballast;

namespace {

std::vector<sim::Instant> drawn_market(int instants) {
  std::vector<sim::Instant> out;
  const sim::MarketModel model;
  auto state = sim::begin(model, Time{1'767'254'400'000});
  std::vector<std::string> keep;
  for (int i = 0; i < instants; ++i) {
    auto chain = sim::modelled_chain({.days = {1, 7, 30}, .strikes = 7}, state.at, state.index,
                                     sim::atm_vol(model, state), keep);
    REQUIRE_MESSAGE(chain, (chain ? "" : chain.error().what));
    keep.clear();
    for (const auto& [name, instrument] : chain.value().instruments)
      if (instrument.is_option()) keep.push_back(name);
    out.push_back(sim::instant_of(std::move(chain).value(), "BTC", sim::PerpetualPrice::quoted));
    state = sim::next(model, 7, 0, state, 6.0 * 3600.0);
  }
  return out;
}

}  // namespace

TEST_CASE("a run that is saved and taken up at every instant does what it would have done") {
  const std::vector<sim::Instant> market = drawn_market(10);
  sim::Run run{
      .name = "resumed", .equity = 10.0, .book = sim::MakerBook{.trades_a_day = 8.0}, .venue = {}, .rules = {}};
  sim::Rule net{.name = "net", .desk = {}};
  sim::Rule late = net, learning = net;
  late.desk.decide.rebalance = hedge::RebalanceRule{.least_interval = Years(0.5 / 365.0)};
  learning.desk.learn = true;
  learning.desk.decide.dynamics = vol::SmileDynamics{.rule = vol::SmileRule::adaptive};
  learning.desk.moves.underlyings = {"BTC"};
  run.venue.latency_s = 3600.0;  // tickets rest from one instant to the next
  run.venue.patience_s = 7.0 * 3600.0;
  for (const sim::Rule& rule : {net, late, learning}) {
    sim::RuleState whole, cut;
    std::vector<sim::Told> told_whole, told_cut;
    std::size_t resting = 0;
    for (const sim::Instant& now : market) {
      const auto a = sim::advance(run, rule, whole, now, &told_whole);
      REQUIRE_MESSAGE(a, (a ? "" : a.error().what));
      cut = sim::rule_state_of(sim::bytes_of(cut)).value();
      REQUIRE(sim::advance(run, rule, cut, now, &told_cut));
      REQUIRE(sim::bytes_of(cut) == sim::bytes_of(whole));
      resting += whole.venue.resting.size();
    }
    REQUIRE(told_whole.size() == told_cut.size());
    for (std::size_t i = 0; i < told_whole.size(); ++i) {
      CHECK(desk::bytes_of(told_whole[i].events) == desk::bytes_of(told_cut[i].events));
      CHECK(desk::bytes_of(told_whole[i].tickets) == desk::bytes_of(told_cut[i].tickets));
      CHECK(desk::bytes_of(told_whole[i].answers) == desk::bytes_of(told_cut[i].answers));
    }
    if (rule.desk.learn) {
      CHECK_FALSE(whole.desk.learning.learned.empty());
    } else {
      CHECK(resting > 0);
      CHECK(whole.desk.memory.anchors.contains("BTC"));
    }
  }
}
