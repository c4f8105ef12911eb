//! Damaged and hostile ONNX files: never a panic, never a long wait, never more heap than the limits say.

#[path = "../../../tosa/tests/files/damage.rs"]
mod damage;
#[path = "../../../tosa/tests/files/heap.rs"]
mod heap;
mod hostile;
mod mutated;
#[path = "../../../tosa/tests/files/time.rs"]
mod time;

use aivm_import::{ImportError, ImportLimits, ImportOptions, Imported, import};

/// Imports `file` and checks the time and the peak of the heap, which [`ImportLimits`] states.
fn import_bounded(file: &[u8]) -> Result<Imported, ImportError> {
    let import = || import(file, &ImportOptions::default(), &ImportLimits::TOOL);
    let (result, peak) = time::bounded(file, || heap::peak_of(import));
    let bound = 24 * file.len() + (192 << 20);
    assert!(
        peak <= bound,
        "{peak} bytes of heap for a file of {}",
        file.len()
    );
    result
}
