//! What stays on the device between runs: constants and kernel parameters.

use aivm_shaders::kernels::UNIFORM_BYTES;
use aivm_tosa::ExecutorFault;

use crate::buffer::Buffer;
use crate::device::Device;
use crate::layout::word_bytes;

/// Bytes after which another buffer is begun, so that no single allocation has to be as large as a model.
const ARENA_BYTES: u64 = 64 << 20;

/// Byte strings in few buffers, each at an offset that can be bound.
pub(crate) struct Resident {
    buffers: Vec<Buffer>,
    parts: Vec<Part>,
}

struct Part {
    buffer: usize,
    offset: u64,
    bytes: u64,
}

impl Resident {
    /// Uploads `items`, none of them empty, each a multiple of 4 bytes, for `usage`.
    pub(crate) fn upload(
        device: &Device,
        items: &[Vec<u8>],
        usage: wgpu::BufferUsages,
    ) -> Result<Resident, ExecutorFault> {
        let mut resident = Resident {
            buffers: Vec::new(),
            parts: Vec::new(),
        };
        let mut start = 0;
        while start < items.len() {
            start = resident.fill_arena(device, items, start, usage)?;
        }
        Ok(resident)
    }

    /// Bytes of item `index`.
    pub(crate) fn bytes(&self, index: usize) -> u64 {
        self.parts[index].bytes
    }

    /// Bytes of all items.
    pub(crate) fn all_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// Uploads items from `start` on into one buffer; gives the first that found no place.
    fn fill_arena(
        &mut self,
        device: &Device,
        items: &[Vec<u8>],
        start: usize,
        usage: wgpu::BufferUsages,
    ) -> Result<usize, ExecutorFault> {
        // Items that kernels can bind, one behind the other, so that together they may be more than a kernel can bind.
        let arena_bytes = ARENA_BYTES.min(device.limits.buffer_bytes_max);
        let mut arena = Vec::new();
        let mut end = start;
        for item in &items[start..] {
            let offset = (arena.len() as u64).next_multiple_of(device.binding_alignment);
            let bytes = item.len() as u64;
            if end > start && offset + bytes > arena_bytes {
                break;
            }
            arena.resize(offset as usize, 0);
            arena.extend_from_slice(item);
            self.parts.push(Part {
                buffer: self.buffers.len(),
                offset,
                bytes,
            });
            end += 1;
        }
        // Whatever is bound as a uniform buffer of operands has that many bytes.
        let behind = match usage.contains(wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::UNIFORM)
        {
            true => u64::from(UNIFORM_BYTES),
            false => 0,
        };
        let buffer = device.guarded(|| {
            let usage = usage | wgpu::BufferUsages::COPY_DST;
            let buffer = device.create_buffer("resident", arena.len() as u64 + behind, usage);
            device.queue.write_buffer(&buffer, 0, &arena);
            buffer
        })?;
        self.buffers.push(buffer);
        Ok(end)
    }

    /// The buffer that holds an item, and its offset there.
    pub(crate) fn source(&self, item: usize) -> (&wgpu::Buffer, u64) {
        let part = &self.parts[item];
        (&self.buffers[part.buffer], part.offset)
    }

    /// The item from `offset` on, to bind as a uniform buffer of [`UNIFORM_BYTES`], of which it is the first part.
    pub(crate) fn uniform(&self, item: usize, offset: u64) -> wgpu::BindingResource<'_> {
        let part = &self.parts[item];
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.buffers[part.buffer],
            offset: part.offset + offset,
            size: wgpu::BufferSize::new(u64::from(UNIFORM_BYTES)),
        })
    }

    /// The item to bind.
    pub(crate) fn binding(&self, item: usize) -> wgpu::BindingResource<'_> {
        let part = &self.parts[item];
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.buffers[part.buffer],
            offset: part.offset,
            size: wgpu::BufferSize::new(part.bytes),
        })
    }
}

/// A kernel's parameters as bytes of its uniform binding, whose size is a multiple of 16.
pub(crate) fn uniform_bytes(words: &[u32]) -> Vec<u8> {
    let mut bytes = word_bytes(words.iter().copied());
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    bytes
}
