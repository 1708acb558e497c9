// The floor under the column kernels: how many fused multiply-adds, divisions and bytes one core does.
#include <cstddef>
#include <cstdint>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/pricing/floor_bench.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include <benchmark/benchmark.h>

HWY_BEFORE_NAMESPACE();
namespace ballast::bench::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// `rounds` times twelve independent multiply-adds; gives the number of lanes.
std::size_t MultiplyAdds(std::size_t rounds, double* out) {
  const hn::ScalableTag<double> d;
  const auto a = hn::Set(d, 0.999), b = hn::Set(d, 1e-3);
  auto s0 = hn::Iota(d, 1), s1 = hn::Iota(d, 2), s2 = hn::Iota(d, 3), s3 = hn::Iota(d, 4), s4 = hn::Iota(d, 5),
       s5 = hn::Iota(d, 6), s6 = hn::Iota(d, 7), s7 = hn::Iota(d, 8), s8 = hn::Iota(d, 9), s9 = hn::Iota(d, 10),
       s10 = hn::Iota(d, 11), s11 = hn::Iota(d, 12);
  for (std::size_t i = 0; i < rounds; ++i) {
    s0 = hn::MulAdd(s0, a, b), s1 = hn::MulAdd(s1, a, b), s2 = hn::MulAdd(s2, a, b), s3 = hn::MulAdd(s3, a, b);
    s4 = hn::MulAdd(s4, a, b), s5 = hn::MulAdd(s5, a, b), s6 = hn::MulAdd(s6, a, b), s7 = hn::MulAdd(s7, a, b);
    s8 = hn::MulAdd(s8, a, b), s9 = hn::MulAdd(s9, a, b), s10 = hn::MulAdd(s10, a, b), s11 = hn::MulAdd(s11, a, b);
  }
  const auto sum = hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), hn::Add(hn::Add(s4, s5), hn::Add(s6, s7)));
  hn::StoreU(hn::Add(sum, hn::Add(hn::Add(s8, s9), hn::Add(s10, s11))), d, out);
  return hn::Lanes(d);
}

std::size_t Divisions(std::size_t rounds, double* out) {
  const hn::ScalableTag<double> d;
  const auto a = hn::Set(d, 1.001);
  auto s0 = hn::Iota(d, 1), s1 = hn::Iota(d, 2), s2 = hn::Iota(d, 3), s3 = hn::Iota(d, 4);
  for (std::size_t i = 0; i < rounds; ++i)
    s0 = hn::Div(a, s0), s1 = hn::Div(a, s1), s2 = hn::Div(a, s2), s3 = hn::Div(a, s3);
  hn::StoreU(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), d, out);
  return hn::Lanes(d);
}

}  // namespace ballast::bench::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::bench {
namespace {

HWY_EXPORT(MultiplyAdds);
HWY_EXPORT(Divisions);

void per_nanosecond(benchmark::State& state, double operations) {
  state.counters["per_ns"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsRate);
}

void floor_multiply_adds(benchmark::State& state) {
  double out[64];
  std::size_t lanes = 0;
  for (auto _ : state) benchmark::DoNotOptimize(lanes = HWY_DYNAMIC_DISPATCH(MultiplyAdds)(10'000, out));
  per_nanosecond(state, static_cast<double>(state.iterations()) * 12.0 * 10'000.0 * static_cast<double>(lanes));
}
void floor_divisions(benchmark::State& state) {
  double out[64];
  std::size_t lanes = 0;
  for (auto _ : state) benchmark::DoNotOptimize(lanes = HWY_DYNAMIC_DISPATCH(Divisions)(10'000, out));
  per_nanosecond(state, static_cast<double>(state.iterations()) * 4.0 * 10'000.0 * static_cast<double>(lanes));
}
// Bytes read and written by a copy of state.range(0) doubles to another column: both counted.
void floor_copy_bytes(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  std::vector<double> from(n, 1.0), to(n);
  for (auto _ : state) {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
    benchmark::ClobberMemory();
  }
  per_nanosecond(state, static_cast<double>(state.iterations()) * 16.0 * static_cast<double>(n));
}
BENCHMARK(floor_multiply_adds);
BENCHMARK(floor_divisions);
BENCHMARK(floor_copy_bytes)->Arg(1024)->Arg(700'000);

}  // namespace
}  // namespace ballast::bench
#endif  // HWY_ONCE
