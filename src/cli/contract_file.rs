//! A contract's file: WebAssembly, or its text form.

use std::path::Path;

use synergy_aivm::Limits;

use super::failure::Failure;
use super::files;

/// Code longer than this is refused before it is read, text or not: text is a few times longer than the
/// binary it stands for.
const CONTRACT_FILE_BYTES: u64 = 64 * Limits::CONTRACT.code_bytes as u64;

/// The contract's binary.
pub(crate) fn read_contract(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = files::read(path, CONTRACT_FILE_BYTES)?;
    if path.extension().is_some_and(|extension| extension == "wat") {
        let text = std::str::from_utf8(&bytes).map_err(|error| Failure::refused(path, error))?;
        return wat::parse_str(text).map_err(|mut error| {
            error.set_path(path);
            Failure::Refused(error.to_string())
        });
    }
    if !bytes.starts_with(b"\0asm") {
        let right =
            "no WebAssembly: a binary begins with \\0asm, text is in a file that ends with .wat";
        return Err(Failure::refused(path, right));
    }
    Ok(bytes)
}
