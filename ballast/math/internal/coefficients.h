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

/// The same ratio on [-0.36, 38.6] only, where the density is not 0, with fewer terms: relative error 3.0e-18;
/// its slope, relative to 1 + x^2: 7.6e-18.
inline constexpr double pair_p[] = {
    0x1.472f6cb70aa0bp+24,
    0x1.a52ef2d085696p+24,
    0x1.1653ec5313b0dp+24,
    0x1.e13c0b8042136p+22,
    0x1.28d2fedc6e085p+21,
    0x1.0e9d02cb0806fp+19,
    0x1.6f995f650bab0p+16,
    0x1.6ea736e908da9p+13,
    0x1.0123a4dbf888ep+10,
    0x1.cb61526969febp+5,
    0x1.8f4bc6a82fe45p+0,
};
/// Its Q, see pair_p.
inline constexpr double pair_q[] = {
    0x1.9a10defe6e4cfp+24,
    0x1.6550cc7e7ae6dp+25,
    0x1.3522fb2ff0861p+25,
    0x1.589006b8cfc6dp+24,
    0x1.105eb27994860p+23,
    0x1.3f0dbae5efb15p+21,
    0x1.19e72d7d48389p+19,
    0x1.7799202b2cde4p+16,
    0x1.723df9ae1f6e0p+13,
    0x1.01eb4abaaeb90p+10,
    0x1.cb61526b03806p+5,
    0x1.8f4bc6a7ef9dbp+0,
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

/// ln(1 + f) = f p(f), sqrt(1/2) <= 1 + f <= sqrt(2), for guesses: relative error 8.1e-6.
inline constexpr double rough_log[] = {
    0x1.00003ec96f101p+0,
    -0x1.ffe46c4f0e41bp-2,
    0x1.54a4937d8b5f4p-2,
    -0x1.04700487fd47fp-2,
    0x1.c1db92e1a0258p-3,
    -0x1.1f29b03256536p-3,
};
/// h = |ln(F/K)|/stdev from L = ln(1 + |ln(F/K)|/(normalised Bachelier price)): h = L sqrt(p(L)/q(L)),
/// relative error 0.0009.
inline constexpr double guess_p[] = {
    0x1.45e8ee5206850p-3,
    0x1.81f59d7e71f42p-6,
    0x1.304a0204bb289p-9,
};
/// Its q, see guess_p.
inline constexpr double guess_q[] = {
    0x1.0000000000000p+0,
    0x1.2d86b63f07633p-3,
    0x1.7155ff6f6367fp-6,
    0x1.31f9a8b7a2c29p-10,
};
/// a from L = -ln(2 N(-a)): a = L sqrt(p(L)/q(L)), relative error 0.0038.
inline constexpr double tail_p[] = {
    0x1.8f0de6affa506p+0,
    0x1.37ba43e8fa26bp-2,
};
/// Its q, see tail_p.
inline constexpr double tail_q[] = {
    0x1.0000000000000p+0,
    0x1.22efb19d33e43p+0,
    0x1.39cabfbd9aa49p-3,
};
/// Price over min(F, K), out of the money, at stdev sqrt(2 x + 0.49), x = |ln(F/K)|, as p(y)/q(y) with
/// y = sqrt(2 x + 0.36^2) - 0.36: relative error 0.00022.
inline constexpr double between_p[] = {
    0x1.183b7595398e5p-2,
    0x1.4cf97bee63e17p-2,
    0x1.0445794f39c20p-2,
};
/// Its q, see between_p.
inline constexpr double between_q[] = {
    0x1.0000000000000p+0,
    0x1.ec411d7947fcdp-1,
    0x1.042a7ca6e849dp-1,
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
