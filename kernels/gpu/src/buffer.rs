//! A device buffer that is counted as long as it lives.

use std::ops::Deref;
use std::sync::Arc;

use crate::counters::{Counters, Held};

/// A buffer, made by [`crate::device::Device::create_buffer`].
#[derive(Debug)]
pub(crate) struct Buffer {
    buffer: wgpu::Buffer,
    _held: Held,
}

impl Buffer {
    pub(crate) fn new(buffer: wgpu::Buffer, counters: &Arc<Counters>) -> Buffer {
        let held = Held::new(counters, buffer.size());
        Buffer {
            buffer,
            _held: held,
        }
    }
}

impl Deref for Buffer {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}
