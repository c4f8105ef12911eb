//! Adapters in trouble: whatever strikes, and however many threads call, the bytes are those of the reference.

mod soak;
mod support;
mod troubles;
