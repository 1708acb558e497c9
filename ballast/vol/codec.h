#pragma once
#include "ballast/base/codec.h"
#include "ballast/market/codec.h"
#include "ballast/vol/adaptive.h"
#include "ballast/vol/dynamics.h"
#include "ballast/vol/surface.h"

/// Fitted smiles and what was learned of their moves, as bytes (base/codec.h). A change is a new version of all that is
/// kept: see market/codec.h.
namespace ballast {

template <>
inline constexpr std::size_t member_count<vol::Svi> = 5;
template <>
inline constexpr std::size_t member_count<vol::Essvi> = 3;
template <>
inline constexpr std::size_t member_count<vol::VarianceSpline> = 5;
template <>
inline constexpr std::size_t member_count<vol::Sabr> = 6;
template <>
inline constexpr std::size_t member_count<vol::SliceHealth> = 9;
template <>
inline constexpr std::size_t member_count<vol::Slice> = 5;
template <>
inline constexpr std::size_t member_count<vol::Surface> = 4;

template <>
inline constexpr std::size_t member_count<vol::AdaptiveRules> = 9;
template <>
inline constexpr std::size_t member_count<vol::TenorState> = 9;
template <>
inline constexpr std::size_t member_count<vol::AdaptiveState> = 7;
template <>
inline constexpr std::size_t member_count<vol::Learned> = 3;

}  // namespace ballast
