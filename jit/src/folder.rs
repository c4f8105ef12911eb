//! Compiled code on disk: one file a plan, in a folder that nobody else may write to.
//!
//! ```text
//! +-----------------------------------------------------------------------------------------+
//! | DANGER: what is read here is executed. A file is taken only if its checksum is right,   |
//! | which finds damage, not malice: whoever may write to the folder may run code as this    |
//! | node. So a folder that others may write to is refused.                                  |
//! +-----------------------------------------------------------------------------------------+
//! ```
//!
//! A file is written under another name and then renamed, so that a reader sees all of it or nothing. What cannot
//! be read, or is damaged, counts as absent and is replaced; what cannot be written is left out. A cache that
//! fails costs time, never a result.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use aivm_core::{B256, keccak256};

/// First bytes of a file, with the version of this layout.
const MAGIC: [u8; 8] = *b"AIVMjit1";

/// Bytes around a payload: magic, key, checksum.
const FRAME_BYTES: usize = 8 + 32 + 32;

/// How a file of the cache is called: the key in hex, then this.
const EXTENSION: &str = "code";

/// A folder of compiled code, bounded by size.
#[derive(Debug)]
pub struct CodeFolder {
    path: PathBuf,
    bytes_max: u64,
    /// Numbers the temporary files of this process.
    written: AtomicU64,
}

/// Why a folder cannot hold compiled code.
#[derive(Debug, thiserror::Error)]
pub enum CodeFolderError {
    /// It cannot be made or looked at.
    #[error("the folder {path} for compiled code: {error}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// Others could put code there that this node would run.
    #[error(
        "the folder {path} for compiled code can be written by others (mode {mode:o}): chmod 700 it"
    )]
    Shared {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It belongs to another user, who could put code there that this node would run.
    #[error("the folder {path} for compiled code belongs to user {owner}, not to this one")]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner's number.
        owner: u32,
    },
}

impl CodeFolder {
    /// The folder `path`, made if it is not there, for files of `bytes_max` bytes together.
    ///
    /// # Errors
    /// If it cannot be made, or somebody else may write to it.
    pub fn open(path: impl Into<PathBuf>, bytes_max: u64) -> Result<CodeFolder, CodeFolderError> {
        let path = path.into();
        let failed = |error| CodeFolderError::Io {
            path: path.clone(),
            error,
        };
        make_private(&path).map_err(failed)?;
        check_private(&path)?;
        Ok(CodeFolder {
            path,
            bytes_max,
            written: AtomicU64::new(0),
        })
    }

    /// The payload that was written under `key`; `None` if there is none or it is damaged, and then the file is gone.
    pub(crate) fn read(&self, key: &B256) -> Option<Vec<u8>> {
        let path = self.file(key);
        let mut bytes = fs::read(&path).ok()?;
        if !is_whole(&bytes, key) {
            // If it cannot be removed it is replaced when the code has been compiled.
            let _ = fs::remove_file(&path);
            return None;
        }
        bytes.truncate(bytes.len() - 32);
        bytes.drain(..8 + 32);
        Some(bytes)
    }

    /// Removes what was written under `key`.
    pub(crate) fn remove(&self, key: &B256) {
        let _ = fs::remove_file(self.file(key));
    }

    /// Writes `payload` under `key`, and removes the oldest files while all together are too large.
    pub(crate) fn write(&self, key: &B256, payload: &[u8]) {
        let bytes = (payload.len() + FRAME_BYTES) as u64;
        if bytes > self.bytes_max {
            return;
        }
        // Whatever fails, the file is absent or whole, and the code runs from memory.
        if self.replace(key, payload).is_ok() {
            self.shrink();
        }
    }

    fn file(&self, key: &B256) -> PathBuf {
        self.path.join(format!("{key:x}.{EXTENSION}"))
    }

    fn replace(&self, key: &B256, payload: &[u8]) -> io::Result<()> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}.partial", std::process::id());
        let temporary = self.path.join(name);
        let mut content = Vec::with_capacity(payload.len() + FRAME_BYTES);
        content.extend_from_slice(&MAGIC);
        content.extend_from_slice(key.as_slice());
        content.extend_from_slice(payload);
        let checksum = keccak256(&content);
        content.extend_from_slice(checksum.as_slice());
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .and_then(|mut file| file.write_all(&content))
            .and_then(|()| fs::rename(&temporary, self.file(key)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Removes the oldest files until all together are small enough; partial files of processes that died count too.
    fn shrink(&self) {
        let mut files: Vec<(_, u64, PathBuf)> = Vec::new();
        let Ok(entries) = fs::read_dir(&self.path) else {
            return;
        };
        for entry in entries.flatten() {
            if let Ok(data) = entry.metadata()
                && data.is_file()
                && let Ok(modified) = data.modified()
            {
                files.push((modified, data.len(), entry.path()));
            }
        }
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        files.sort();
        for (_, bytes, path) in files {
            if total <= self.bytes_max {
                break;
            }
            if fs::remove_file(path).is_ok() {
                total -= bytes;
            }
        }
    }
}

/// Whether a file's bytes are those that were written under `key`.
fn is_whole(bytes: &[u8], key: &B256) -> bool {
    bytes.len() >= FRAME_BYTES
        && bytes[..8] == MAGIC
        && bytes[8..8 + 32] == key[..]
        && bytes[bytes.len() - 32..] == keccak256(&bytes[..bytes.len() - 32])[..]
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), CodeFolderError> {
    use std::os::unix::fs::MetadataExt;
    let data = fs::metadata(path).map_err(|error| CodeFolderError::Io {
        path: path.to_owned(),
        error,
    })?;
    if data.mode() & 0o022 != 0 {
        return Err(CodeFolderError::Shared {
            path: path.to_owned(),
            mode: data.mode() & 0o7777,
        });
    }
    let owner = data.uid();
    if owner != rustix::process::geteuid().as_raw() {
        return Err(CodeFolderError::Foreign {
            path: path.to_owned(),
            owner,
        });
    }
    Ok(())
}

/// Elsewhere the system's own rules for a user's folders hold.
#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), CodeFolderError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is removed in the end.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Temporary {
            let name = format!("aivm-code-{name}-{}", std::process::id());
            Temporary(std::env::temp_dir().join(name))
        }

        fn open(&self, bytes_max: u64) -> CodeFolder {
            CodeFolder::open(&self.0, bytes_max).expect("a new folder is private")
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.0).expect("the folder").count()
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn key(byte: u8) -> B256 {
        B256::repeat_byte(byte)
    }

    #[test]
    fn what_was_written_is_read() {
        let place = Temporary::new("read");
        let folder = place.open(1 << 20);
        assert_eq!(folder.read(&key(1)), None);
        folder.write(&key(1), b"native code");
        folder.write(&key(2), b"");
        assert_eq!(folder.read(&key(1)), Some(b"native code".to_vec()));
        assert_eq!(folder.read(&key(2)), Some(Vec::new()));
        folder.write(&key(1), b"again");
        assert_eq!(place.open(1 << 20).read(&key(1)), Some(b"again".to_vec()));
        folder.remove(&key(1));
        assert_eq!(folder.read(&key(1)), None);
    }

    #[test]
    fn any_damage_makes_a_file_absent_and_removes_it() {
        let place = Temporary::new("damage");
        let folder = place.open(1 << 20);
        folder.write(&key(1), b"native code");
        let path = folder.file(&key(1));
        let good = fs::read(&path).expect("it was written");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&path, &bad).expect("the folder is ours");
            assert_eq!(folder.read(&key(1)), None, "byte {at}");
            assert!(!path.exists());
        }
        for len in 0..good.len() {
            fs::write(&path, &good[..len]).expect("the folder is ours");
            assert_eq!(folder.read(&key(1)), None, "{len} bytes");
        }
        // Another plan's file under this name.
        fs::write(folder.file(&key(2)), &good).expect("the folder is ours");
        assert_eq!(folder.read(&key(2)), None);
        folder.write(&key(1), b"native code");
        assert!(folder.read(&key(1)).is_some());
    }

    #[test]
    fn the_oldest_files_make_room() {
        let place = Temporary::new("room");
        let file = (100 + FRAME_BYTES) as u64;
        let folder = place.open(3 * file);
        for byte in 1..=3 {
            folder.write(&key(byte), &[byte; 100]);
            let modified =
                std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(byte.into());
            let handle = fs::File::options()
                .write(true)
                .open(folder.file(&key(byte)));
            let set = handle.and_then(|handle| handle.set_modified(modified));
            set.expect("the file is ours");
        }
        assert_eq!(place.files(), 3);
        folder.write(&key(4), &[4; 100]);
        assert_eq!(place.files(), 3);
        assert_eq!(folder.read(&key(1)), None);
        assert!(folder.read(&key(2)).is_some() && folder.read(&key(4)).is_some());
        // One that has no room at all is left out and removes nothing.
        folder.write(&key(5), &[5; 1000]);
        assert_eq!(place.files(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let place = Temporary::new("shared");
        drop(place.open(1 << 20));
        for mode in [0o720, 0o702, 0o777] {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(&place.0, permissions).expect("the folder is ours");
            let error = CodeFolder::open(&place.0, 1 << 20).expect_err("others may write");
            assert!(matches!(error, CodeFolderError::Shared { .. }), "{error}");
            assert!(error.to_string().contains("chmod 700"));
        }
        fs::set_permissions(&place.0, fs::Permissions::from_mode(0o755)).expect("ours");
        drop(place.open(1 << 20));
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_an_error() {
        let place = Temporary::new("file");
        fs::write(&place.0, b"").expect("a temporary file");
        let error = CodeFolder::open(&place.0, 1 << 20).expect_err("no folder");
        assert!(matches!(error, CodeFolderError::Io { .. }), "{error}");
        fs::remove_file(&place.0).expect("ours");
    }
}
