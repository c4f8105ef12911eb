//! Finds the data that tests share with other projects.

use std::path::{Path, PathBuf};

/// The folder `name` of the shared data: in `AIVM_SHARED`, or beside the repository.
///
/// Without it the test is skipped, unless `AIVM_NO_SKIP` is set.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("AIVM_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let reason = format!("skipped: no folder {}", folder.display());
    assert!(std::env::var_os("AIVM_NO_SKIP").is_none(), "{reason}");
    println!("{reason}");
    None
}
