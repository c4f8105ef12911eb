//! The constants that steps read, each once, aligned.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::memory::{Buffer, Layout, Place, Source};

/// Constants while plans are made.
#[derive(Default)]
pub(crate) struct Constants {
    layout: Layout,
    /// By address and length: tensors of several graphs may share a value.
    known: BTreeMap<(usize, usize), Constant>,
}

struct Constant {
    place: Place,
    bytes: Arc<[u8]>,
}

impl Constants {
    /// Where `bytes` will be.
    pub(crate) fn place(&mut self, bytes: &Arc<[u8]>) -> Place {
        let key = (bytes.as_ptr() as usize, bytes.len());
        let layout = &mut self.layout;
        let constant = self.known.entry(key).or_insert_with(|| Constant {
            place: Place {
                source: Source::Constants,
                ..layout.take(bytes.len())
            },
            bytes: Arc::clone(bytes),
        });
        constant.place
    }

    /// All of them.
    pub(crate) fn buffer(&self) -> Buffer {
        let mut buffer = Buffer::new(self.layout.bytes());
        for Constant { place, bytes } in self.known.values() {
            buffer.bytes_mut()[place.range()].copy_from_slice(bytes);
        }
        buffer
    }
}
