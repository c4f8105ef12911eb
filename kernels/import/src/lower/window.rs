//! Windows of convolutions and pooling: ONNX rounds the number of places down or up, TOSA wants it exact.

use super::{Lowered, NodeView, shapes, unsupported};
use crate::tosa_file::TensorId;
use crate::value::{Activation, Layout};

/// A window that moves along one axis.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub input: u32,
    pub kernel: u32,
    pub stride: u32,
    pub dilation: u32,
    pub pad_begin: u32,
    pub pad_end: u32,
}

/// A window that TOSA accepts: it ends exactly at the padded end.
struct ExactWindow {
    output: u32,
    pad_end: u32,
    /// Last indices of the input that no window reaches.
    crop: u32,
}

impl Window {
    /// Elements from the first to the last of a window.
    fn reach(&self) -> u64 {
        u64::from(self.kernel - 1) * u64::from(self.dilation) + 1
    }

    /// How many of its elements lie in the input, for each of the first `output` places of the window.
    pub(super) fn places(&self, output: u32) -> Vec<i64> {
        let [pad, input, kernel] = [self.pad_begin, self.input, self.kernel].map(i64::from);
        (0..i64::from(output))
            .map(|at| {
                let start = at * i64::from(self.stride) - pad;
                ((start + kernel).min(input) - start.max(0)).max(0)
            })
            .collect()
    }

    /// The window with the padding or input that it does not reach taken away, or with `ceil`, as ONNX rounds
    /// the number of places up, with padding added.
    fn exact(&self, ceil: bool) -> Option<ExactWindow> {
        let padded = u64::from(self.input) + u64::from(self.pad_begin) + u64::from(self.pad_end);
        let moves = padded.checked_sub(self.reach())?;
        let (mut steps, rest) = (
            moves / u64::from(self.stride),
            moves % u64::from(self.stride),
        );
        if ceil && rest > 0 {
            let start = (steps + 1) * u64::from(self.stride);
            // A window that would begin in the padding behind the input is left out.
            if start < u64::from(self.input) + u64::from(self.pad_begin) {
                steps += 1;
                let added = u64::from(self.stride) - rest;
                return Some(ExactWindow {
                    output: u32::try_from(steps + 1).ok()?,
                    pad_end: u32::try_from(u64::from(self.pad_end) + added).ok()?,
                    crop: 0,
                });
            }
        }
        let rest = rest as u32;
        let crop = rest.saturating_sub(self.pad_end);
        Some(ExactWindow {
            output: u32::try_from(steps + 1).ok()?,
            pad_end: self.pad_end - (rest - crop),
            crop,
        })
    }
}

/// Strides, dilations and padding of a node along height and width. A 1-D operator has a height of 1.
pub(super) struct Windows {
    pub y: Window,
    pub x: Window,
}

/// Windows that TOSA accepts, along height and width.
pub(super) struct ExactWindows {
    /// Places of the window.
    pub output: [u32; 2],
    /// In TOSA's order: top, bottom, left, right.
    pub pad: [u32; 4],
    /// Last rows and columns of the input that no window reaches.
    pub crop: [u32; 2],
}

impl Windows {
    pub(super) fn kernel(&self) -> [u32; 2] {
        [self.y.kernel, self.x.kernel]
    }

    pub(super) fn stride(&self) -> [u32; 2] {
        [self.y.stride, self.x.stride]
    }

    pub(super) fn dilation(&self) -> [u32; 2] {
        [self.y.dilation, self.x.dilation]
    }

    /// The windows as TOSA accepts them. With `ceil`, places are rounded up.
    pub(super) fn exact(&self, ceil: bool) -> Lowered<ExactWindows> {
        let exact = |window: &Window| {
            let fault = || shapes("the window is larger than the padded input");
            window.exact(ceil).ok_or_else(fault)
        };
        let (y, x) = (exact(&self.y)?, exact(&self.x)?);
        Ok(ExactWindows {
            output: [y.output, x.output],
            pad: [self.y.pad_begin, y.pad_end, self.x.pad_begin, x.pad_end],
            crop: [y.crop, x.crop],
        })
    }
}

/// What windows over a tensor of shape `from` (rank 3 or 4) compute at `output` places.
pub(super) fn placed(id: TensorId, from: &[u32], channels: u32, [y, x]: [u32; 2]) -> Activation {
    let shape = match from.len() {
        4 => vec![from[0], channels, y, x],
        _ => vec![from[0], channels, x],
    };
    Activation {
        id,
        shape,
        layout: Layout::ChannelsLast,
    }
}

/// The windows of a convolution or pooling node over an input of these sides.
pub(super) fn windows(node: &NodeView<'_>, spatial: &[u32], kernel: &[u32]) -> Lowered<Windows> {
    let rank = spatial.len();
    let strides = node.extents("strides", rank, 1, 1)?;
    let dilations = node.extents("dilations", rank, 1, 1)?;
    let pads = node.extents("pads", 2 * rank, 0, 0)?;
    if kernel.len() != rank || kernel.contains(&0) {
        return Err(shapes(format!(
            "a kernel of {kernel:?} for {rank} dimensions"
        )));
    }
    // TOSA level 8K.
    let beyond = |list: &[u32]| list.iter().any(|&n| n > 8192);
    if beyond(&strides) || beyond(&dilations) || beyond(&pads) || beyond(kernel) {
        return Err(unsupported(
            "kernel, strides, dilations or pads above 8192",
            "TOSA level 8K ends there",
        ));
    }
    let mut list: Vec<Window> = (0..rank)
        .map(|axis| Window {
            input: spatial[axis],
            kernel: kernel[axis],
            stride: strides[axis],
            dilation: dilations[axis],
            pad_begin: pads[axis],
            pad_end: pads[axis + rank],
        })
        .collect();
    match node.text("auto_pad").unwrap_or("NOTSET") {
        "NOTSET" | "" => {}
        "VALID" => {
            for window in &mut list {
                (window.pad_begin, window.pad_end) = (0, 0);
            }
        }
        mode @ ("SAME_UPPER" | "SAME_LOWER") => {
            for window in &mut list {
                let places = window.input.div_ceil(window.stride);
                let needed =
                    u64::from(places.saturating_sub(1)) * u64::from(window.stride) + window.reach();
                let total = needed.saturating_sub(u64::from(window.input)) as u32;
                let small = total / 2;
                (window.pad_begin, window.pad_end) = if mode == "SAME_UPPER" {
                    (small, total - small)
                } else {
                    (total - small, small)
                };
            }
        }
        other => {
            return Err(unsupported(
                format!("auto_pad {other:?}"),
                "write pads as numbers",
            ));
        }
    }
    let one = Window {
        input: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        pad_begin: 0,
        pad_end: 0,
    };
    match *list.as_slice() {
        [x] => Ok(Windows { y: one, x }),
        [y, x] => Ok(Windows { y, x }),
        _ => Err(unsupported(
            format!("windows in {rank} dimensions"),
            "1-D and 2-D windows are lowered",
        )),
    }
}
