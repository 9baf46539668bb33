//! The inverse of the standard normal distribution function. Not here: the draw itself (`functions`).
//!
//! Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988): relative error about 1e-16.
//! Only `+ - * /`, `sqrt` and `libm::log`, in a fixed order: the same bits on every platform.

#![expect(clippy::excessive_precision, reason = "coefficients as published")]

/// The number that a standard normal draw is below with probability `p`, 0 < p < 1.
pub(super) fn normal_quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        return centred * ratio(&MIDDLE, 0.180625 - centred * centred);
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    let depth = (-libm::log(tail)).sqrt();
    let size = if depth <= 5.0 { ratio(&NEAR, depth - 1.6) } else { ratio(&FAR, depth - 5.0) };
    if centred < 0.0 { -size } else { size }
}

/// Coefficients of a numerator and a denominator, lowest power first.
type Ratio = [[f64; 8]; 2];

fn ratio([numerator, denominator]: &Ratio, x: f64) -> f64 {
    let polynomial = |of: &[f64; 8]| of.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient);
    polynomial(numerator) / polynomial(denominator)
}

#[rustfmt::skip]
const MIDDLE: Ratio = [
    [
        3.387_132_872_796_366_608_0e0, 1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3, 1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4, 6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4, 2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0, 4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083_0e2, 5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4, 3.930_789_580_009_271_061_0e4,
        2.872_908_573_572_194_267_4e4, 5.226_495_278_852_854_561_0e3,
    ],
];

#[rustfmt::skip]
const NEAR: Ratio = [
    [
        1.423_437_110_749_683_577_34e0, 4.630_337_846_156_545_295_90e0,
        5.769_497_221_460_691_405_50e0, 3.647_848_324_763_204_605_04e0,
        1.270_458_252_452_368_382_58e0, 2.417_807_251_774_506_117_70e-1,
        2.272_384_498_926_918_458_33e-2, 7.745_450_142_783_414_076_40e-4,
    ],
    [
        1.0, 2.053_191_626_637_758_821_87e0,
        1.676_384_830_183_803_849_40e0, 6.897_673_349_851_000_045_50e-1,
        1.481_039_764_274_800_745_90e-1, 1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946_00e-4, 1.050_750_071_644_416_843_24e-9,
    ],
];

#[rustfmt::skip]
const FAR: Ratio = [
    [
        6.657_904_643_501_103_777_20e0, 5.463_784_911_164_114_369_90e0,
        1.784_826_539_917_291_335_80e0, 2.965_605_718_285_048_912_30e-1,
        2.653_218_952_657_612_309_30e-2, 1.242_660_947_388_078_438_60e-3,
        2.711_555_568_743_487_578_15e-5, 2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0, 5.998_322_065_558_879_376_90e-1,
        1.369_298_809_227_358_053_10e-1, 1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591_00e-4, 1.846_318_317_510_054_681_80e-5,
        1.421_511_758_316_445_888_70e-7, 2.044_263_103_389_939_785_64e-15,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Of Python's `statistics.NormalDist().inv_cdf`, one probability for each branch and sign.
    #[test]
    fn agrees_with_known_quantiles() {
        for (p, expected) in PYTHON {
            let got = normal_quantile(p);
            assert!(
                (got - expected).abs() <= 4e-16 * expected.abs().max(1.0),
                "{p}: {got} is not {expected}"
            );
        }
    }

    const PYTHON: [(f64, f64); 8] = [
        (0.5, 0.0),
        (0.3, -0.5244005127080407),
        (0.841344746068543, 1.0000000000000007),
        (0.0668072012688581, -1.4999999999999998),
        (0.999, 3.090232306167813),
        (1e-09, -5.9978070150076865),
        (1e-14, -7.650628092935268),
        (0.9999999999990905, 7.047700256664409),
    ];
}
