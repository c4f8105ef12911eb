//! A contract's file: WebAssembly, or its text form.

use std::path::Path;

use synergy_aivm::Limits;

use super::failure::Failure;
use super::files;
use super::names::short_lines;

/// Code longer than this is refused before it is read, text or not: text is a few times longer than the
/// binary it stands for.
const CONTRACT_FILE_BYTES: u64 = 64 * Limits::CONTRACT.code_bytes as u64;

/// The contract's binary.
pub(crate) fn read_contract(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.extension().is_some_and(|extension| extension == "wat") {
        let form = "WebAssembly's text form";
        let text = files::read_text(path, CONTRACT_FILE_BYTES, form)?;
        return wat::parse_str(text).map_err(|mut error| {
            error.set_path(path);
            Failure::Refused(short_lines(&error.to_string()))
        });
    }
    let bytes = files::read(path, CONTRACT_FILE_BYTES)?;
    if !bytes.starts_with(b"\0asm") {
        let right =
            "no WebAssembly: a binary begins with \\0asm, text is in a file that ends with .wat";
        return Err(Failure::refused(path, right));
    }
    Ok(bytes)
}
