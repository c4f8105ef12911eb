//! Runs a chain: all its instructions on a block of elements that stays in the first-level cache, block after block.

use std::ops::Range;

use bytemuck::Pod;

use super::instruction::{Axis, Binary, Channels, Instruction, Register, Unary, Walk, Width};
use crate::dispatch::{Kernel, dispatch};
use crate::isa::Isa;
use crate::memory::{Place, Reader};
use crate::scale::{scale_high, scale_low};

/// Numbers that all registers of a program together hold at most, 24 KiB, unless a block were too short then.
pub(crate) const REGISTER_NUMBERS: usize = 6144;

/// Elements of a block, at least and at most: below 4 KiB, from which on copies become string instructions, see
/// [`crate::memory::copy`].
const BLOCK: Range<usize> = 64..960;

/// A chain of element-wise operators over tensors of one number of elements.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub elements: usize,
    /// Elements of a block.
    block: usize,
    registers: usize,
    /// One value for all elements: loaded once, into registers that `body` does not write.
    pub splats: Box<[Splat]>,
    pub body: Box<[Instruction]>,
    /// What is written, by offset.
    pub outputs: Box<[Place]>,
    /// Bytes of an element of each output.
    pub output_widths: Box<[usize]>,
}

/// A tensor of one element, read into a whole register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Splat {
    pub to: Register,
    pub from: Place,
    pub width: Width,
}

/// The part of a run that one call computes.
struct Part<'p, 'a, 'o> {
    isa: Isa,
    program: &'p Program,
    reader: Reader<'a>,
    /// Each output from element `range.start` on.
    outputs: &'p mut [&'o mut [u8]],
    range: Range<usize>,
    registers: &'p mut [i32],
}

impl Program {
    pub(crate) fn new(
        elements: usize,
        registers: usize,
        splats: Vec<Splat>,
        body: Vec<Instruction>,
        outputs: Vec<(Place, usize)>,
    ) -> Program {
        let most = REGISTER_NUMBERS / registers.max(1) / 16 * 16;
        let block = most.clamp(BLOCK.start, BLOCK.end).min(elements);
        let (outputs, output_widths): (Vec<_>, Vec<_>) = outputs.into_iter().unzip();
        Program {
            elements,
            block,
            registers,
            splats: splats.into(),
            body: body.into(),
            outputs: outputs.into(),
            output_widths: output_widths.into(),
        }
    }

    /// Numbers of the register file.
    pub(crate) fn register_numbers(&self) -> usize {
        self.registers * self.block
    }

    /// Computes elements `range`; `outputs` are the outputs from its start on.
    pub(crate) fn run(
        &self,
        isa: Isa,
        reader: Reader<'_>,
        outputs: &mut [&mut [u8]],
        range: Range<usize>,
        registers: &mut [i32],
    ) {
        dispatch(
            isa,
            Part {
                isa,
                program: self,
                reader,
                outputs,
                range,
                registers,
            },
        );
    }
}

impl Kernel for Part<'_, '_, '_> {
    #[inline(always)]
    fn run(self) {
        let (program, block) = (self.program, self.program.block);
        for splat in &program.splats {
            let value = match splat.width {
                Width::I8 => i32::from(self.reader.read::<i8>(splat.from)[0]),
                Width::I16 => i32::from(self.reader.read::<i16>(splat.from)[0]),
                Width::I32 | Width::I64 => self.reader.read::<i32>(splat.from)[0],
            };
            let start = usize::from(splat.to.0) * block;
            self.registers[start..start + block].fill(value);
        }
        let mut at = self.range.start;
        while at < self.range.end {
            let len = block.min(self.range.end - at);
            for instruction in &program.body {
                let mut file = File {
                    isa: self.isa,
                    numbers: &mut *self.registers,
                    block,
                    len,
                };
                match instruction {
                    Instruction::Store {
                        from,
                        output,
                        width,
                    } => {
                        let output = &mut *self.outputs[usize::from(*output)];
                        store(output, *width, file.get(*from), at - self.range.start);
                    }
                    other => execute(other, self.reader, &mut file, at),
                }
            }
            at += len;
        }
    }
}

/// The registers of a block.
struct File<'a> {
    isa: Isa,
    numbers: &'a mut [i32],
    block: usize,
    len: usize,
}

impl File<'_> {
    #[inline(always)]
    fn get(&self, register: Register) -> &[i32] {
        &self.numbers[usize::from(register.0) * self.block..][..self.len]
    }

    /// The register that is written, and those that are read.
    #[inline(always)]
    fn cut(&mut self, to: Register) -> (&mut [i32], Others<'_>) {
        let (before, rest) = self.numbers.split_at_mut(usize::from(to.0) * self.block);
        let (own, behind) = rest.split_at_mut(self.block);
        let others = Others {
            before,
            behind,
            to,
            block: self.block,
            len: self.len,
        };
        (&mut own[..self.len], others)
    }
}

/// The registers that an instruction may read.
struct Others<'a> {
    before: &'a [i32],
    behind: &'a [i32],
    to: Register,
    block: usize,
    len: usize,
}

impl<'a> Others<'a> {
    #[inline(always)]
    fn get(&self, register: Register) -> &'a [i32] {
        if register < self.to {
            &self.before[usize::from(register.0) * self.block..][..self.len]
        } else {
            let index = usize::from(register.0 - self.to.0) - 1;
            &self.behind[index * self.block..][..self.len]
        }
    }
}

#[inline(always)]
fn store(output: &mut [u8], width: Width, from: &[i32], at: usize) {
    match width {
        Width::I8 => {
            for (to, &value) in output[at..].iter_mut().zip(from) {
                *to = value as u8;
            }
        }
        Width::I16 => {
            let output: &mut [i16] = bytemuck::cast_slice_mut(output);
            for (to, &value) in output[at..].iter_mut().zip(from) {
                *to = value as i16;
            }
        }
        Width::I32 | Width::I64 => {
            let output: &mut [i32] = bytemuck::cast_slice_mut(output);
            output[at..at + from.len()].copy_from_slice(from);
        }
    }
}

#[inline(always)]
fn execute(instruction: &Instruction, reader: Reader<'_>, file: &mut File<'_>, at: usize) {
    match instruction {
        Instruction::Load {
            to,
            from,
            width,
            walk,
        } => {
            let (to, _) = file.cut(*to);
            match width {
                Width::I8 => load(to, reader.read::<i8>(*from), walk, at),
                Width::I16 => load(to, reader.read::<i16>(*from), walk, at),
                Width::I32 | Width::I64 => load(to, reader.read::<i32>(*from), walk, at),
            }
        }
        Instruction::LoadRescaled { to, from, channels } => {
            let (to, _) = file.cut(*to);
            let from = &reader.read::<i64>(*from)[at..];
            channels.run(to, from, at, |value| {
                value.wrapping_sub(i64::from(channels.input_zp))
            });
        }
        Instruction::Store { .. } => {}
        Instruction::Unary {
            to,
            from,
            operation,
        } => {
            let isa = file.isa;
            let (to, others) = file.cut(*to);
            unary(isa, to, others.get(*from), operation, at);
        }
        Instruction::Binary {
            to,
            a,
            b,
            operation,
        } => {
            let (to, others) = file.cut(*to);
            binary(to, others.get(*a), others.get(*b), *operation);
        }
        Instruction::Select {
            to,
            condition,
            yes,
            no,
        } => {
            let (to, others) = file.cut(*to);
            let (yes, no) = (others.get(*yes), others.get(*no));
            let values = yes.iter().zip(no).zip(others.get(*condition));
            for (to, ((&yes, &no), &condition)) in to.iter_mut().zip(values) {
                *to = if condition != 0 { yes } else { no };
            }
        }
    }
}

#[inline(always)]
fn load<T: Pod + Into<i32>>(to: &mut [i32], from: &[T], walk: &Walk, at: usize) {
    match walk {
        Walk::Same => {
            for (to, &value) in to.iter_mut().zip(&from[at..]) {
                *to = value.into();
            }
        }
        Walk::Broadcast(axes) => load_along(to, from, axes, at),
    }
}

/// Reads runs along the innermost axis, which repeats one element or reads neighbours.
#[inline(always)]
fn load_along<T: Pod + Into<i32>>(to: &mut [i32], from: &[T], axes: &[Axis], at: usize) {
    let Some((inner, outer)) = axes.split_last() else {
        return;
    };
    let (mut row, mut along, mut done) = (at / inner.side, at % inner.side, 0);
    while done < to.len() {
        let len = (inner.side - along).min(to.len() - done);
        let mut start = 0;
        let mut rest = row;
        for axis in outer.iter().rev() {
            start += rest % axis.side * axis.step;
            rest /= axis.side;
        }
        let to = &mut to[done..done + len];
        if inner.step == 0 {
            to.fill(from[start].into());
        } else {
            for (to, &value) in to.iter_mut().zip(&from[start + along..]) {
                *to = value.into();
            }
        }
        done += len;
        along = 0;
        row += 1;
    }
}

impl Channels {
    /// Rescales elements of which the first is element `at` of the tensor; `less` takes the zero point off.
    #[inline(always)]
    fn run<T: Copy>(&self, to: &mut [i32], from: &[T], at: usize, less: impl Fn(T) -> i64) {
        let finish = |scaled: i32| {
            let moved = scaled.wrapping_add(self.output_zp);
            moved.max(self.min).min(self.max)
        };
        if let [scale] = *self.scales {
            for (to, &value) in to.iter_mut().zip(from) {
                *to = finish(scale.apply(less(value)));
            }
            return;
        }
        let mut start = at % self.scales.len();
        let mut done = 0;
        while done < to.len() {
            let scales = &self.scales[start..];
            let len = scales.len().min(to.len() - done);
            let to = &mut to[done..done + len];
            for ((to, &value), scale) in to.iter_mut().zip(&from[done..]).zip(scales) {
                *to = finish(scale.apply(less(value)));
            }
            done += len;
            start = 0;
        }
    }
}

#[inline(always)]
fn map(to: &mut [i32], from: &[i32], compute: impl Fn(i32) -> i32) {
    for (to, &value) in to.iter_mut().zip(from) {
        *to = compute(value);
    }
}

#[inline(always)]
fn unary(isa: Isa, to: &mut [i32], from: &[i32], operation: &Unary, at: usize) {
    match operation {
        &Unary::Clamp { min, max } => map(to, from, |value| value.max(min).min(max)),
        Unary::Wrap(Width::I8) => map(to, from, |value| i32::from(value as i8)),
        Unary::Wrap(Width::I16) => map(to, from, |value| i32::from(value as i16)),
        Unary::Wrap(_) => to.copy_from_slice(from),
        &Unary::Mask(mask) => map(to, from, |value| value & mask),
        Unary::NonZero => map(to, from, |value| i32::from(value != 0)),
        Unary::Abs => map(to, from, i32::wrapping_abs),
        Unary::BitwiseNot => map(to, from, |value| !value),
        Unary::LogicalNot => map(to, from, |value| value ^ 1),
        Unary::CountLeadingZeros => map(to, from, |value| value.leading_zeros() as i32),
        &Unary::Negate {
            input_zp,
            output_zp,
            min,
            max,
        } => map(to, from, |value| {
            let value = output_zp.wrapping_sub(value.wrapping_sub(input_zp));
            value.max(min).min(max)
        }),
        Unary::Table8(table) => {
            if let Ok(table) = <&[i8; 256]>::try_from(&**table) {
                map(to, from, |value| {
                    i32::from(table[usize::from(value as u8 ^ 0x80)])
                });
            }
        }
        Unary::Table16(table) => map(to, from, |value| {
            let index = ((value + 32_768) >> 7) as usize;
            let base = i32::from(table[index]);
            let slope = i32::from(table[index + 1]).wrapping_sub(base);
            (base << 7).wrapping_add(slope.wrapping_mul(value & 0x7f))
        }),
        Unary::Rescale(rescaling) => rescaling.run(isa, to, from),
        Unary::RescaleChannels(channels) => channels.run(to, from, at, |value| {
            i64::from(value.wrapping_sub(channels.input_zp))
        }),
    }
}

#[inline(always)]
fn zip(to: &mut [i32], a: &[i32], b: &[i32], compute: impl Fn(i32, i32) -> i32) {
    for (to, (&a, &b)) in to.iter_mut().zip(a.iter().zip(b)) {
        *to = compute(a, b);
    }
}

#[inline(always)]
fn binary(to: &mut [i32], a: &[i32], b: &[i32], operation: Binary) {
    match operation {
        Binary::Add => zip(to, a, b, i32::wrapping_add),
        Binary::Sub => zip(to, a, b, i32::wrapping_sub),
        Binary::Mul { shift: 0 } => zip(to, a, b, i32::wrapping_mul),
        Binary::Mul { shift } => {
            let (shift, round) = (u32::from(shift), 1_i64 << (shift - 1));
            if shift < 32 {
                zip(to, a, b, |a, b| scale_low(a, b, round, shift));
            } else {
                zip(to, a, b, |a, b| scale_high(a, b, round, shift - 32));
            }
        }
        Binary::ArithmeticRightShift { round, bits } => {
            let mask = bits.mask();
            if round {
                zip(to, a, b, |value, amount| {
                    let amount = amount as u32 & mask;
                    // Of amount 0, the bit that is shifted out is none.
                    let last_out =
                        value.wrapping_shr(amount.wrapping_sub(1)) & i32::from(amount > 0);
                    value.wrapping_shr(amount).wrapping_add(last_out)
                });
            } else {
                zip(to, a, b, |value, amount| {
                    value.wrapping_shr(amount as u32 & mask)
                });
            }
        }
        Binary::LogicalLeftShift(width) => {
            let mask = width.mask();
            let shift = |value: i32, amount: i32| value.wrapping_shl(amount as u32 & mask);
            match width {
                Width::I8 => zip(to, a, b, |a, b| i32::from(shift(a, b) as i8)),
                Width::I16 => zip(to, a, b, |a, b| i32::from(shift(a, b) as i16)),
                _ => zip(to, a, b, shift),
            }
        }
        Binary::LogicalRightShift(width) => {
            let mask = width.mask();
            let shift = |value: u32, amount: i32| value.wrapping_shr(amount as u32 & mask);
            match width {
                Width::I8 => zip(to, a, b, |a, b| {
                    i32::from(shift(u32::from(a as u8), b) as i8)
                }),
                Width::I16 => zip(to, a, b, |a, b| {
                    i32::from(shift(u32::from(a as u16), b) as i16)
                }),
                _ => zip(to, a, b, |a, b| shift(a as u32, b) as i32),
            }
        }
        Binary::And => zip(to, a, b, |a, b| a & b),
        Binary::Or => zip(to, a, b, |a, b| a | b),
        Binary::Xor => zip(to, a, b, |a, b| a ^ b),
        Binary::IntDiv => zip(to, a, b, |a, b| match b {
            0 => 0,
            b => a.wrapping_div(b),
        }),
        Binary::Maximum => zip(to, a, b, i32::max),
        Binary::Minimum => zip(to, a, b, i32::min),
        Binary::Equal => zip(to, a, b, |a, b| i32::from(a == b)),
        Binary::Greater => zip(to, a, b, |a, b| i32::from(a > b)),
        Binary::GreaterEqual => zip(to, a, b, |a, b| i32::from(a >= b)),
    }
}

impl Width {
    /// The largest amount of a shift: the bits of the type less 1.
    #[inline(always)]
    fn mask(self) -> u32 {
        match self {
            Width::I8 => 7,
            Width::I16 => 15,
            Width::I32 | Width::I64 => 31,
        }
    }
}
