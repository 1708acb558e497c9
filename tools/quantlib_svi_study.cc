// QuantLib's SVI on the same recorded slices as surface_study, judged alike: the peer beside our figures. Built with
// the benchmarks (preset bench), which alone link QuantLib.
#include <chrono>
#include <cstdlib>

#include <ql/experimental/volatility/sviinterpolation.hpp>

#include "ballast/vol/fit.h"
#include "surface_judge.h"

int main(int argc, char** argv) {
  using namespace ballast;
  if (argc < 3) {
    fmt::print(
        stderr,
        "usage: quantlib_svi_study EVERY FOLDER...   (a slice takes QuantLib some 35 ms: EVERY 4 is two minutes)\n");
    return 2;
  }
  const auto every = static_cast<std::size_t>(std::max(std::atoi(argv[1]), 1));
  const std::vector<std::string> folders(argv + 2, argv + argc);
  study::Judge theirs, ours;
  double their_seconds = 0.0, our_seconds = 0.0;
  std::size_t failed = 0;
  const auto fault = study::for_each_chain(folders, every, [&](const std::vector<vol::SliceQuotes>& quotes) {
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto since = [&](auto from) { return std::chrono::duration<double>(now() - from).count(); };
    auto from = now();
    const auto fitted = vol::fit(quotes, {});
    our_seconds += since(from);
    if (!fitted) return;
    const vol::Surface& surface = fitted.value();
    std::vector<std::optional<vol::Svi>> slices;
    for (const vol::SliceQuotes& q : quotes) {
      std::vector<double> strikes;
      for (const double k : q.log_moneyness) strikes.push_back(q.forward.value * std::exp(k));
      double forward = q.forward.value;
      from = now();
      try {
        const QuantLib::Real guess = QuantLib::Null<QuantLib::Real>();
        QuantLib::SviInterpolation svi(strikes.begin(), strikes.end(), q.vol.begin(), q.years.value, forward, guess,
                                       guess, guess, guess, guess, false, false, false, false, false, false);
        svi.update();
        slices.push_back(vol::Svi{svi.a(), svi.b(), svi.rho(), svi.m(), svi.sigma()});
      } catch (const std::exception& e) {
        fmt::print(stderr, "QuantLib: {}\n", e.what());
        slices.push_back(std::nullopt);
        ++failed;
      }
      their_seconds += since(from);
    }
    for (std::size_t i = 0; i < quotes.size(); ++i) {
      if (!slices[i]) continue;
      const auto their_smile = [&slices](std::size_t s) {
        return [svi = *slices[s]](double k) { return vol::at(svi, k); };
      };
      const auto our_smile = [&surface](std::size_t s) {
        return [&surface, s](double k) { return vol::at(surface.slices[s].shape, k); };
      };
      const bool paired = i > 0 && slices[i - 1];
      theirs.look(quotes[i], quotes[i].vol, their_smile(i), paired ? study::Smile(their_smile(i - 1)) : study::Smile());
      ours.look(quotes[i], quotes[i].vol, our_smile(i), paired ? study::Smile(our_smile(i - 1)) : study::Smile());
    }
  });
  if (fault) {
    fmt::print(stderr, "error: {}\n", fault->what);
    return 1;
  }
  if (ours.slices() == 0) return 1;
  const double n = static_cast<double>(ours.slices());
  fmt::print("who,{},failed,ms_a_slice\n", study::Judge::header());
  fmt::print("quantlib,{},{},{:.3f}\n", theirs.row(), failed, 1e3 * their_seconds / n);
  fmt::print("ballast,{},0,{:.3f}\n", ours.row(), 1e3 * our_seconds / n);
  return 0;
}
