#pragma once

// Made by tools/make_coefficients; do not edit. Lowest power first.
// clang-format off

namespace ballast::math::internal {

/// exp(r) = 1 + r + r^2 q(r), |r| <= ln(2)/2: relative error 1.6e-17.
inline constexpr double exp_rest[] = {
    0x1.0000000000001p-1,
    0x1.5555555555556p-3,
    0x1.5555555553d63p-5,
    0x1.11111111109b3p-7,
    0x1.6c16c1788bd90p-10,
    0x1.a01a01a7c41d5p-13,
    0x1.a019b90d2ae7ap-16,
    0x1.71de0dae63bb3p-19,
    0x1.289185613a3d6p-22,
    0x1.af38a9b0ec855p-26,
};

/// exp(-y/2)/sqrt(2 pi) = 1/sqrt(2 pi) + y p(y), |y| <= 2 ln(2)/2: relative error 4.3e-17.
inline constexpr double density_rest[] = {
    -0x1.9884533d43651p-3,
    0x1.9884533d43652p-5,
    -0x1.1058377e2cee1p-7,
    0x1.1058377e2bbc5p-10,
    -0x1.b3c058c9e0c0cp-14,
    0x1.22803b3b3184ep-17,
    -0x1.4c0043ac1eab5p-21,
    0x1.4c0009be28eb5p-25,
    -0x1.271c8a483f4adp-29,
    0x1.d9413809e1f25p-34,
    -0x1.581099f0049cap-38,
};

/// ln((1+s)/(1-s)) = 2 s + s z l(z), z = s^2, |s| <= 0.2005: relative error 6.4e-19.
inline constexpr double log_rest[] = {
    0x1.5555555555555p-1,
    0x1.9999999999f4ap-2,
    0x1.24924923d8d36p-2,
    0x1.c71c72e6a31a2p-3,
    0x1.745caa07872fep-3,
    0x1.3b2a298d10220p-3,
    0x1.0e857a14a6872p-3,
    0x1.16d0e176ef65bp-3,
};

/// The Mills ratio N(-x)/phi(x) = Q/(x Q + P), x >= 0: relative error 8.2e-18; on [-1/2, 0): 7.0e-17.
/// Minus its slope, 1 - x N(-x)/phi(x) = P/(x Q + P), x >= 0: 4.1e-17.
inline constexpr double mills_p[] = {
    0x1.a98db452927b2p+25,
    0x1.40ca68357c567p+26,
    0x1.e8f86a2c6a146p+25,
    0x1.e80334d7af54fp+24,
    0x1.5ea13f9bf46fep+23,
    0x1.7a82c5423fc40p+21,
    0x1.383739e6cfb96p+19,
    0x1.892dbebece47bp+16,
    0x1.72d1499954d00p+13,
    0x1.f48c504eac064p+9,
    0x1.b5d7a5722068fp+5,
    0x1.7c00000000000p+0,
};
/// Its Q, see mills_p.
inline constexpr double mills_q[] = {
    0x1.0aad16d0dc32cp+26,
    0x1.05c077d29f862p+27,
    0x1.fc670dde22113p+26,
    0x1.3f5277c941cf3p+26,
    0x1.1f07565a9da90p+25,
    0x1.838de228dbe7ap+23,
    0x1.925bdf529462fp+21,
    0x1.43a4b7fbebdccp+19,
    0x1.90f708000cd7bp+16,
    0x1.763cf8e438dcfp+13,
    0x1.f608504eac090p+9,
    0x1.b5d7a5722068ep+5,
    0x1.7c00000000000p+0,
};

/// The same ratio on [-0.36, 38.6] only, where the density is not 0, with fewer terms: relative error 2.6e-17;
/// its slope, relative to 1 + x^2: 2.0e-16.
inline constexpr double pair_p[] = {
    0x1.d16c156a77227p+23,
    0x1.2b91443bf7fb0p+24,
    0x1.8bec1e1cf9220p+23,
    0x1.564768ba9a6b3p+22,
    0x1.a63bc673f3780p+20,
    0x1.80f2cc405dda3p+18,
    0x1.05749db090035p+16,
    0x1.04c8616c621b5p+13,
    0x1.6dc80f9b23f3cp+9,
    0x1.46bc26fb4a96cp+5,
    0x1.1c0000002db76p+0,
};
/// Its Q, see pair_p.
inline constexpr double pair_q[] = {
    0x1.23a8fd249cf23p+24,
    0x1.fc4862dcde57ep+24,
    0x1.b7bf7c74fb427p+24,
    0x1.ea243c471c51fp+23,
    0x1.83727a69fbd0ap+22,
    0x1.c5dadd96ef14ap+20,
    0x1.9102120e205d4p+18,
    0x1.0b25158164167p+16,
    0x1.0755d9d14b734p+13,
    0x1.6ee40f9492ddap+9,
    0x1.46bc26fc6dd9ep+5,
    0x1.1c00000000000p+0,
};

/// exp(x^2) erfc(x) = Q/(x Q + P)/sqrt(pi), x >= 0: relative error 5.6e-18.
inline constexpr double erfc_p[] = {
    0x1.3fb801aced570p+25,
    0x1.54d70eb8d41bdp+26,
    0x1.6f5d28f1c56d6p+26,
    0x1.0341b41295252p+26,
    0x1.076db6320a1f0p+25,
    0x1.922af19663c04p+23,
    0x1.d522cd7eed5f6p+21,
    0x1.a1c09aaabb2c2p+19,
    0x1.169876dfe9f7fp+17,
    0x1.09ea8aa9cb635p+14,
    0x1.48f38e41abf01p+10,
    0x1.93c0000000000p+5,
};
/// Its Q, see erfc_p.
inline constexpr double erfc_q[] = {
    0x1.1b57e83de9f5fp+26,
    0x1.894f0d55d55e0p+27,
    0x1.0e16bf5e02192p+28,
    0x1.dfd0661977e57p+27,
    0x1.30f7cbc047839p+27,
    0x1.232b7c4195ea0p+26,
    0x1.ab819d47bda92p+24,
    0x1.e64ea741fdd95p+22,
    0x1.aa0678800da52p+20,
    0x1.192a5dfc6d28ep+18,
    0x1.0ab46aa9cb64dp+15,
    0x1.48f38e41abf00p+11,
    0x1.93c0000000000p+6,
};

inline constexpr double ln2_high = 0x1.62e42ff000000p-1;  ///< 32 bits of ln 2: a product with an exponent is exact
inline constexpr double ln2_low = -0x1.718432a1b0e26p-35;  ///< ln 2 - ln2_high
inline constexpr double per_ln2 = 0x1.71547652b82fep+0;  ///< 1 / ln 2
inline constexpr double per_sqrt_2pi = 0x1.9884533d43651p-2;  ///< 1 / sqrt(2 pi)
inline constexpr double per_sqrt_2pi_low = -0x1.cbc0d30ebfd15p-56;  ///< what its rounding left
inline constexpr double sqrt_2pi = 0x1.40d931ff62706p+1;  ///< sqrt(2 pi)
inline constexpr double sqrt_2pi_low = -0x1.a6a0d6f814637p-53;  ///< what its rounding left
inline constexpr double ln_sqrt_2pi = 0x1.d67f1c864beb5p-1;  ///< ln(2 pi) / 2
inline constexpr double per_sqrt_pi = 0x1.20dd750429b6dp-1;  ///< 1 / sqrt(pi)
inline constexpr double per_sqrt_pi_low = 0x1.1ae3a914fed80p-57;  ///< what its rounding left

}  // namespace ballast::math::internal
