//! Files in and out: sizes checked before reading, whole files or none when writing.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aivm_tosa::Tensor;
use synergy_aivm::{ModelLimits, PriceTable, Priced, npy};

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

/// Reads the text at `path`; `form` says what it is a text of.
pub(crate) fn read_text(path: &Path, limit: u64, form: &str) -> Result<String, Failure> {
    let bytes = read(path, limit)?;
    let is_binary = bytes.starts_with(b"\0asm");
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let why = match is_binary {
            true => format!("binary WebAssembly, where {form} is expected"),
            false => format!("byte {at} is no UTF-8, and {form} is"),
        };
        Failure::refused(path, why)
    })
}

/// Reads the .npy file at `path`, and no more of it than holds values of `tensor`: as `npy::read` expects them, or
/// `npy::read_reals` with `reals`.
pub(crate) fn read_npy(
    path: &Path,
    tensor: &Tensor,
    cases: bool,
    reals: bool,
) -> Result<Vec<u8>, Failure> {
    read_measured(path, npy::PREFIX_BYTES, |prefix| {
        let length = npy::file_bytes(prefix, (tensor.data_type, &tensor.shape), cases, reals);
        length.map_err(|error| error.to_string())
    })
}

/// Reads the file at `path` whose first `prefix` bytes, or fewer if it ends before, let `length` say how long it is.
fn read_measured(
    path: &Path,
    prefix: u64,
    length: impl FnOnce(&[u8]) -> Result<u64, String>,
) -> Result<Vec<u8>, Failure> {
    let refuse = |error: std::io::Error| Failure::refused(path, error);
    let file = fs::File::open(path).map_err(refuse)?;
    let mut bytes = Vec::new();
    let beginning = (&file).take(prefix).read_to_end(&mut bytes);
    beginning.map_err(refuse)?;
    let length = length(&bytes).map_err(|why| Failure::refused(path, why))?;
    // One byte more than there should be shows that the file is too long.
    let rest = length.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(rest).read_to_end(&mut bytes).map_err(refuse)?;
    if bytes.len() as u64 > length {
        let why = format!("more bytes than the {length} that its header stands for");
        return Err(Failure::refused(path, why));
    }
    Ok(bytes)
}

/// What bytes for a path go to.
enum Destination {
    /// A file, which takes the place of what is there and keeps its permissions.
    File(PathBuf, Option<Permissions>),
    /// A device or a pipe, which is written into.
    Stream,
}

/// Where bytes for `path` go; fails if it must not be written. Nothing is changed.
fn destination(path: &Path) -> std::io::Result<Destination> {
    let there = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
            return Ok(Destination::File(path.to_owned(), None));
        }
        other => other?,
    };
    if there.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !there.is_file() {
        return Ok(Destination::Stream);
    }
    // To take the place of a file needs rights on its folder alone; who may not write it shall not.
    fs::OpenOptions::new().write(true).open(path)?;
    let path = path.canonicalize()?;
    Ok(Destination::File(path, Some(there.permissions())))
}

/// Writes `bytes` to `path`: first to a file beside it, which then takes its place, so that nobody ever
/// sees a part. A link stays and its file is written; a device or pipe is written into.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = destination(path).and_then(|destination| match destination {
        Destination::File(path, permissions) => replace(&path, permissions, bytes),
        Destination::Stream => {
            let mut stream = fs::OpenOptions::new().write(true).open(path)?;
            stream.write_all(bytes)
        }
    });
    written.map_err(|error| unwritten(path, &error))
}

/// Puts a file that holds `bytes` at `path`.
fn replace(path: &Path, permissions: Option<Permissions>, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = temporary_name(path);
    let written = fs::File::create(&temporary).and_then(|mut file| {
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.write_all(bytes)?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&temporary, path));
    if replaced.is_err() {
        // Nothing more can be done about a file that cannot be removed either.
        let _ = fs::remove_file(&temporary);
    }
    replaced
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Machine(format!("writing {}: {error}", path.display()))
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

/// Fails as [`write()`] would if nothing can be written to `path`.
fn expect_writable(path: &Path) -> Result<(), Failure> {
    let checked = destination(path).and_then(|destination| match destination {
        Destination::File(path, _) => {
            let temporary = temporary_name(&path);
            fs::File::create(&temporary).and_then(|_| fs::remove_file(&temporary))
        }
        Destination::Stream => Ok(()),
    });
    checked.map_err(|error| unwritten(path, &error))
}

/// A name beside `path` that no other process uses.
fn temporary_name(path: &Path) -> PathBuf {
    path.with_file_name(format!("aivm-{}.part", std::process::id()))
}
