//! Files in and out: sizes checked before reading, whole files or none when writing.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use synergy_aivm::{ModelLimits, PriceTable, Priced};

use super::failure::Failure;

/// Reads the file at `path` if it has at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let refuse = |error: std::io::Error| Failure::refused(path, error);
    let file = fs::File::open(path).map_err(refuse)?;
    let len = file.metadata().map_err(refuse)?.len();
    let mut bytes = Vec::new();
    // One byte more than allowed shows that the file is too long, also where no length is known before.
    if len <= limit {
        let mut bounded = file.take(limit.saturating_add(1));
        bounded.read_to_end(&mut bytes).map_err(refuse)?;
    }
    if len > limit || bytes.len() as u64 > limit {
        let why = format!("longer than {limit} bytes, which is the most that is read");
        return Err(Failure::refused(path, why));
    }
    Ok(bytes)
}

/// Reads, checks and prices the model at `path`, with the limits of the tool and the prices of the chain.
pub(crate) fn read_model(path: &Path) -> Result<Arc<Priced>, Failure> {
    let bytes = read(path, ModelLimits::TOOL.file_bytes)?;
    let priced = aivm_tosa::load(&bytes, &ModelLimits::TOOL, &PriceTable::V1);
    let is_onnx = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"));
    priced.map(Arc::new).map_err(|refusal| {
        if !is_onnx {
            return Failure::refused(path, refusal);
        }
        let (from, to) = (path.display(), path.with_extension("tosa"));
        let how = format!("aivm model import {from} --output {}", to.display());
        let why = format!("an ONNX model has to become a .tosa file first: {how}");
        Failure::refused(path, why)
    })
}

/// Writes `bytes` to `path`: first to a file beside it, which then takes its name, so that nobody ever
/// sees a part.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let temporary = temporary_name(path);
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        // Nothing more can be done about a file that cannot be removed either.
        let _ = fs::remove_file(&temporary);
        Failure::Machine(format!("writing {}: {error}", path.display()))
    })
}

/// Fails if a file to be written is one that is read or written already, or cannot be written: before time is spent on
/// what it is to hold.
pub(crate) fn expect_outputs<'a>(
    read: impl Iterator<Item = &'a PathBuf>,
    outputs: impl Iterator<Item = &'a PathBuf>,
) -> Result<(), Failure> {
    let mut taken: Vec<PathBuf> = read.filter_map(|path| identity(path)).collect();
    for path in outputs {
        if let Some(identity) = identity(path) {
            if taken.contains(&identity) {
                let what = format!("{}: the file is read or written already", path.display());
                return Err(Failure::Usage(what));
            }
            taken.push(identity);
        }
        expect_writable(path)?;
    }
    Ok(())
}

/// One path for all paths of a file, which need not exist yet; `None` without a folder to hold it.
fn identity(path: &Path) -> Option<PathBuf> {
    if let Ok(existing) = path.canonicalize() {
        return Some(existing);
    }
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}

/// Fails as [`write()`] would if no file can be made at `path`.
fn expect_writable(path: &Path) -> Result<(), Failure> {
    let temporary = temporary_name(path);
    let checked: std::io::Result<()> = if path.is_dir() {
        Err(std::io::ErrorKind::IsADirectory.into())
    } else {
        fs::File::create(&temporary).and_then(|_| fs::remove_file(&temporary))
    };
    checked.map_err(|error| Failure::Machine(format!("writing {}: {error}", path.display())))
}

/// A name beside `path` that no other process uses.
fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}
