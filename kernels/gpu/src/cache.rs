//! Files that make a later start faster: nothing depends on them, what is damaged or foreign counts as absent.
//!
//! They lie in the folder that `AIVM_CACHE_DIR` names, or else in `synergy-aivm` of the user's cache folder
//! (`XDG_CACHE_HOME`, `~/.cache`). A file is its magic, keccak-256 of its content, the content.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use sha3::{Digest, Keccak256};

/// Begins every file; the digit changes with the format.
const MAGIC: &[u8; 8] = b"aivmgpu1";
const HEADER_BYTES: usize = MAGIC.len() + 32;
/// Bytes of the largest file that is read.
pub(crate) const FILE_BYTES_MAX: u64 = 64 << 20;

/// The folder that the environment names, unless it names none.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    folder_of(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

fn folder_of(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(folder) = variable("AIVM_CACHE_DIR") {
        return Some(PathBuf::from(folder));
    }
    let cache = match variable("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(variable("HOME")?).join(".cache"),
    };
    Some(cache.join("synergy-aivm"))
}

/// The content of a file, if there is one and it is whole.
pub(crate) fn read(folder: &Path, name: &str) -> Option<Vec<u8>> {
    let path = folder.join(name);
    if fs::metadata(&path).ok()?.len() > FILE_BYTES_MAX {
        return None;
    }
    let file = fs::read(&path).ok()?;
    let (header, content) = file.split_at_checked(HEADER_BYTES)?;
    (header == header_of(content)).then(|| content.to_vec())
}

/// Puts a file in the place of what may be there, whole or not at all; a folder that cannot be written to stays as it is.
/// Whether it was written.
pub(crate) fn write(folder: &Path, name: &str, content: &[u8]) -> bool {
    let mut file = header_of(content);
    file.extend_from_slice(content);
    // Another process may do the same: each has a draft of its own.
    let draft = folder.join(format!("{name}.{}.draft", std::process::id()));
    let written = fs::create_dir_all(folder)
        .and_then(|()| fs::write(&draft, &file))
        .and_then(|()| fs::rename(&draft, folder.join(name)));
    if written.is_err() {
        // What is left of it serves nobody.
        let _ = fs::remove_file(&draft);
    }
    written.is_ok()
}

/// A name for the files of one driver of one device.
pub(crate) fn tag(parts: &[&str]) -> String {
    let digest = Keccak256::digest(parts.join("\0").as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn header_of(content: &[u8]) -> Vec<u8> {
    [MAGIC.as_slice(), &Keccak256::digest(content)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own that is gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = format!("aivm-cache-test-{}-{name}", std::process::id());
            Folder(std::env::temp_dir().join(folder))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_written_is_read_and_a_damaged_file_is_absent() {
        let folder = Folder::new("damage");
        assert_eq!(read(&folder.0, "a"), None);
        assert!(write(&folder.0, "a", b"content"));
        assert_eq!(read(&folder.0, "a").as_deref(), Some(&b"content"[..]));
        let path = folder.0.join("a");
        let whole = fs::read(&path).expect("it is there");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("writable");
            assert_eq!(read(&folder.0, "a"), None, "cut to {length}");
        }
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1;
            fs::write(&path, &damaged).expect("writable");
            assert_eq!(read(&folder.0, "a"), None, "byte {byte}");
        }
        assert!(write(&folder.0, "a", b"again"), "it is replaced");
        assert_eq!(read(&folder.0, "a").as_deref(), Some(&b"again"[..]));
        let files = fs::read_dir(&folder.0).expect("a folder").count();
        assert_eq!(files, 1, "no draft is left");
    }

    #[test]
    fn a_folder_that_is_none_is_no_cache() {
        let folder = Folder::new("none");
        fs::write(&folder.0, b"a file").expect("writable");
        assert!(!write(&folder.0, "a", b"content"));
        assert_eq!(read(&folder.0, "a"), None);
        fs::remove_file(&folder.0).expect("it is there");
    }

    #[test]
    fn the_environment_names_the_folder() {
        let folder = |set: &'static [(&'static str, &'static str)]| {
            folder_of(&move |name| {
                let found = set.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        let all = &[
            ("AIVM_CACHE_DIR", "/a"),
            ("XDG_CACHE_HOME", "/x"),
            ("HOME", "/h"),
        ];
        assert_eq!(folder(all), Some(PathBuf::from("/a")));
        assert_eq!(folder(&all[1..]), Some(PathBuf::from("/x/synergy-aivm")));
        let home = PathBuf::from("/h/.cache/synergy-aivm");
        assert_eq!(folder(&all[2..]), Some(home));
        assert_eq!(folder(&[]), None);
    }
}
