#pragma once
#include "ballast/base/codec.h"
#include "ballast/desk/step.h"
#include "ballast/market/codec.h"
#include "ballast/vol/codec.h"

/// What a desk remembers and how it answers, as bytes (base/codec.h). A change is a new version of all that is kept:
/// see market/codec.h.
namespace ballast {

template <>
inline constexpr std::size_t member_count<desk::ObservedOption> = 13;
template <>
inline constexpr std::size_t member_count<desk::ObservedChain> = 3;
template <>
inline constexpr std::size_t member_count<desk::Learning> = 4;
template <>
inline constexpr std::size_t member_count<desk::Anchor> = 2;
template <>
inline constexpr std::size_t member_count<desk::Memory> = 3;
template <>
inline constexpr std::size_t member_count<desk::State> = 9;
template <>
inline constexpr std::size_t member_count<desk::Answer> = 11;

}  // namespace ballast
