//! What happens to the accumulators: stored as they are, or RESCALE, CLAMP and TABLE in one pass.

use std::sync::Arc;

use aivm_tosa::operator::RescaleFactor;
use aivm_tosa::{DataType, RescaleRounding};

use super::COLUMNS;

/// The operators fused behind a linear one.
#[derive(Clone, Debug)]
pub enum Epilogue {
    /// The i32 accumulators are the output, four bytes each, little-endian.
    Accumulators,
    /// RESCALE of the i32 accumulators, then CLAMP and TABLE where given.
    Rescale {
        /// One factor, or one for each output channel.
        factors: Arc<[RescaleFactor]>,
        /// Whether there is one factor for each output channel.
        per_channel: bool,
        /// Rounding of RESCALE.
        rounding: RescaleRounding,
        /// Subtracted from the accumulator.
        input_zp: i32,
        /// Added after scaling.
        output_zp: i32,
        /// I8, I16 or I32.
        output: DataType,
        /// Whether RESCALE saturates to the unsigned range of the same bits.
        output_unsigned: bool,
        /// CLAMP's bounds, on the signed value.
        clamp: Option<(i32, i32)>,
        /// TABLE's 256 entries for the values −128 to 127; only behind an I8 output.
        table: Option<Arc<[i8]>>,
    },
}

/// An epilogue with its factors laid out for vector loads.
#[derive(Debug)]
pub(crate) enum Finish {
    Accumulators,
    Rescale(Box<Rescale>),
}

/// RESCALE, CLAMP, TABLE; factors by output channel, padded to whole panels of [`COLUMNS`].
#[derive(Debug)]
pub(crate) struct Rescale {
    pub factors: Vec<RescaleFactor>,
    pub double: bool,
    pub input_zp: i32,
    pub output_zp: i32,
    pub output: DataType,
    pub output_unsigned: bool,
    pub clamp: Option<(i32, i32)>,
    pub table: Option<Arc<[i8]>>,
    #[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "for AVX2"))]
    /// The factors in the order vector code reads them; absent where it can't be used.
    pub lanes: Option<Lanes>,
}

/// RESCALE's constants for vector code.
#[derive(Debug)]
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "for AVX2"))]
pub(crate) struct Lanes {
    /// Whether every shift is at least 32, so that the upper half of a sum, shifted with sign by
    /// `high_shift`, is the result; 2^63 is then not in `round`.
    pub high: bool,
    /// Eight columns each, in order.
    pub eights: Vec<Eight>,
}

/// The constants of eight columns. Those of 64-bit lanes: the even columns, then the odd ones.
///
/// `(p + round) >> shift` with sign is `((p + round + 2^63) >>> shift) − 2^(63−shift)`, of which the
/// low 32 bits are kept.
#[derive(Debug)]
#[repr(C, align(32))]
pub(crate) struct Eight {
    pub multiplier: [[i64; 4]; 2],
    /// Rounding + 2^63 (− 2^30 with double rounding).
    pub round: [[i64; 4]; 2],
    /// 2^31 where double rounding applies to a value of zero or more, else 0.
    pub upward: [[i64; 4]; 2],
    pub shift: [[i64; 4]; 2],
    /// Shift − 32, in column order.
    pub high_shift: [i32; 8],
    /// What the result is too high by, in column order: low 32 bits of 2^(63−shift), − output_zp.
    pub excess: [i32; 8],
}

impl Finish {
    pub(crate) fn new(epilogue: Epilogue, columns: usize) -> Self {
        let Epilogue::Rescale {
            factors,
            per_channel,
            rounding,
            input_zp,
            output_zp,
            output,
            output_unsigned,
            clamp,
            table,
        } = epilogue
        else {
            return Finish::Accumulators;
        };
        let wanted = if per_channel { columns } else { 1 };
        assert_eq!(factors.len(), wanted, "one factor for each output channel");
        assert!(table.as_ref().is_none_or(|table| table.len() == 256));
        // A shift that forbids no way of computing.
        let padding = RescaleFactor {
            multiplier: 0,
            shift: 32,
        };
        let padded = columns.next_multiple_of(COLUMNS);
        let factors: Vec<_> = (0..padded)
            .map(|column| match per_channel {
                true => factors.get(column).copied().unwrap_or(padding),
                false => factors[0],
            })
            .collect();
        let double = rounding == RescaleRounding::Double;
        let lanes = (input_zp == 0).then(|| Lanes::new(&factors, double, output_zp));
        Finish::Rescale(Box::new(Rescale {
            factors,
            double,
            input_zp,
            output_zp,
            output,
            output_unsigned,
            clamp,
            table,
            lanes,
        }))
    }

    /// Bytes of an output element.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Finish::Accumulators => 4,
            Finish::Rescale(rescale) => rescale.output.bytes() as usize,
        }
    }
}

impl Lanes {
    fn new(factors: &[RescaleFactor], double: bool, output_zp: i32) -> Self {
        let high = factors.iter().all(|factor| factor.shift >= 32);
        let moved = |factor: RescaleFactor| double && factor.shift > 31;
        let round = |factor: RescaleFactor| {
            let half = 1_i64 << (factor.shift - 1);
            let down = if moved(factor) { 1 << 30 } else { 0 };
            (half - down).wrapping_add(if high { 0 } else { i64::MIN })
        };
        let upward = |factor: RescaleFactor| if moved(factor) { 1 << 31 } else { 0 };
        let excess = |factor: RescaleFactor| {
            let sign = if high {
                0
            } else {
                1_u64 << (63 - factor.shift)
            };
            (sign as i32).wrapping_sub(output_zp)
        };
        let eight = |factors: &[RescaleFactor; 8]| {
            let halves = [[0, 2, 4, 6], [1, 3, 5, 7]].map(|half| half.map(|lane| factors[lane]));
            let all = |of: fn(RescaleFactor) -> i64| halves.map(|half| half.map(of));
            Eight {
                multiplier: all(|factor| i64::from(factor.multiplier)),
                round: halves.map(|half| half.map(round)),
                upward: halves.map(|half| half.map(upward)),
                shift: all(|factor| i64::from(factor.shift)),
                high_shift: factors.map(|factor| i32::from(factor.shift) - 32),
                excess: factors.map(excess),
            }
        };
        let eights = factors.as_chunks().0.iter().map(eight).collect();
        Self { high, eights }
    }
}

impl Rescale {
    /// One output element, as the low bits of its type.
    pub(crate) fn element(&self, accumulator: i32, column: usize) -> i32 {
        let value = i64::from(accumulator) - i64::from(self.input_zp);
        let factor = self.factors[column];
        let mut round = 1_i64 << (factor.shift - 1);
        if self.double && factor.shift > 31 {
            round += if value >= 0 { 1 << 30 } else { -(1 << 30) };
        }
        let scaled = (value * i64::from(factor.multiplier) + round) >> factor.shift;
        self.saturated((scaled as i32).wrapping_add(self.output_zp))
    }

    /// Saturation, CLAMP and TABLE of a scaled value.
    pub(crate) fn saturated(&self, value: i32) -> i32 {
        let value = match (self.output, self.output_unsigned) {
            (DataType::I8, false) => value.clamp(-0x80, 0x7f),
            (DataType::I8, true) => i32::from(value.clamp(0, 0xff) as i8),
            (DataType::I16, false) => value.clamp(-0x8000, 0x7fff),
            (DataType::I16, true) => i32::from(value.clamp(0, 0xffff) as i16),
            (_, false) => value,
            (_, true) => value.max(0),
        };
        let value = match self.clamp {
            Some((min, max)) => value.max(min).min(max),
            None => value,
        };
        match &self.table {
            Some(table) => i32::from(table[(value + 128) as usize & 0xff]),
            None => value,
        }
    }
}

/// Accumulators of a tile and where its outputs go.
pub(crate) struct Target<'a> {
    /// For each panel of columns, `rows × COLUMNS` accumulators.
    pub accumulators: &'a [i32],
    pub rows: usize,
    /// First output column, a multiple of [`COLUMNS`].
    pub column: usize,
    /// How many columns exist from the first one on; the last panel may have fewer than [`COLUMNS`].
    pub columns: usize,
    /// The output from the tile's first element on.
    pub output: &'a mut [u8],
    /// Bytes from one output row to the next.
    pub pitch: usize,
}

impl Target<'_> {
    /// Stores the accumulators as they are.
    pub(crate) fn store(&mut self) {
        for (index, from) in self
            .accumulators
            .as_chunks::<COLUMNS>()
            .0
            .iter()
            .enumerate()
        {
            let (row, column) = (index % self.rows, index / self.rows * COLUMNS);
            let columns = COLUMNS.min(self.columns - column);
            let at = row * self.pitch + column * 4;
            let to = &mut self.output[at..][..columns * 4];
            if cfg!(target_endian = "little") {
                // Of a length known here, which spares a call for each row.
                match to.as_chunks_mut::<{ COLUMNS * 4 }>() {
                    ([to], []) => *to = bytemuck::cast(*from),
                    (_, to) => to.copy_from_slice(bytemuck::cast_slice(&from[..columns])),
                }
                continue;
            }
            let from = &from[..columns];
            for (bytes, value) in to.chunks_exact_mut(4).zip(from) {
                bytes.copy_from_slice(&value.to_le_bytes());
            }
        }
    }

    /// Rescales element by element.
    pub(crate) fn rescale(&mut self, rescale: &Rescale) {
        let bytes = rescale.output.bytes() as usize;
        for (index, from) in self.accumulators.chunks_exact(COLUMNS).enumerate() {
            let (row, column) = (index % self.rows, index / self.rows * COLUMNS);
            let columns = COLUMNS.min(self.columns - column);
            let at = row * self.pitch + column * bytes;
            let to = &mut self.output[at..][..columns * bytes];
            for (offset, (to, &value)) in to.chunks_exact_mut(bytes).zip(from).enumerate() {
                let value = rescale.element(value, self.column + column + offset);
                to.copy_from_slice(&value.to_le_bytes()[..bytes]);
            }
        }
    }
}
