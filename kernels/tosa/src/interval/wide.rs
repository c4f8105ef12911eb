//! Intervals of sums and products before they are known to fit a type.

use super::Interval;
use crate::operator::RescaleFactor;
use crate::{DataType, RescaleRounding};

/// Wide enough for 2^31 products of 2^48 and 2^32.
#[derive(Clone, Copy)]
pub(super) struct Wide {
    pub min: i128,
    pub max: i128,
}

impl From<Interval> for Wide {
    fn from(values: Interval) -> Wide {
        Wide {
            min: values.min.into(),
            max: values.max.into(),
        }
    }
}

impl Wide {
    pub(super) fn plus(self, other: Wide) -> Wide {
        Wide {
            min: self.min + other.min,
            max: self.max + other.max,
        }
    }

    pub(super) fn minus(self, value: i32) -> Wide {
        Wide {
            min: self.min - i128::from(value),
            max: self.max - i128::from(value),
        }
    }

    pub(super) fn product(self, other: Wide) -> Wide {
        let corners = [
            self.min * other.min,
            self.min * other.max,
            self.max * other.min,
            self.max * other.max,
        ];
        Wide {
            min: corners.into_iter().min().unwrap_or(0),
            max: corners.into_iter().max().unwrap_or(0),
        }
    }

    /// With 0, which an element outside the input adds, and where every sum begins.
    pub(super) fn or_zero(self) -> Wide {
        Wide {
            min: self.min.min(0),
            max: self.max.max(0),
        }
    }

    pub(super) fn times(self, count: u64) -> Wide {
        Wide {
            min: self.min * i128::from(count),
            max: self.max * i128::from(count),
        }
    }

    /// Limits both ends.
    pub(super) fn clamp(self, limits: Interval) -> Interval {
        let (min, max) = (i128::from(limits.min), i128::from(limits.max));
        Interval {
            min: self.min.clamp(min, max) as i64,
            max: self.max.clamp(min, max) as i64,
        }
    }

    /// The interval, if all of it are values of `data_type`.
    pub(super) fn fit(self, data_type: DataType) -> Option<Interval> {
        let fits = self.min >= data_type.min().into() && self.max <= data_type.max().into();
        fits.then(|| self.clamp(Interval::of(data_type)))
    }
}

/// What RESCALE's factors make of `value`, which grows with it.
pub(super) fn scaled(
    value: Wide,
    factors: &[RescaleFactor],
    rounding: RescaleRounding,
) -> Option<Wide> {
    let apply = |value: i128, factor: &RescaleFactor| {
        let mut round = 1_i128 << (factor.shift - 1);
        if rounding == RescaleRounding::Double && factor.shift > 31 {
            round += if value >= 0 { 1 << 30 } else { -(1 << 30) };
        }
        (value * i128::from(factor.multiplier) + round) >> factor.shift
    };
    let ends = factors.iter().map(|factor| Wide {
        min: apply(value.min, factor),
        max: apply(value.max, factor),
    });
    ends.reduce(|a, b| Wide {
        min: a.min.min(b.min),
        max: a.max.max(b.max),
    })
}
