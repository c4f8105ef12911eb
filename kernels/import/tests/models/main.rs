//! Models made by onnxruntime's quantisation: imported, run on the reference, compared with onnxruntime.

mod digits;
mod pictures;
#[path = "../../../reference/tests/support/shared.rs"]
mod shared;
mod small;
