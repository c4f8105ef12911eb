//! Names the sources and features of this crate by a hash, as part of the key of code on disk: code that another version
//! of the compiler made is never taken for this one's, whether or not somebody remembered to raise a number, nor is what
//! the same sources made with another feature.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// Cargo tells a build script of each feature of its package by a variable that begins so.
const FEATURE: &str = "CARGO_FEATURE_";

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.toml");
    let features: Vec<String> = env::vars()
        .filter_map(|(variable, _)| Some(variable.strip_prefix(FEATURE)?.to_owned()))
        .collect();
    println!("cargo::rustc-env=AIVM_JIT_SOURCES={}", name(&features));
}

/// The name of the sources in the current folder built with these features, in any order.
pub(crate) fn name(features: &[String]) -> String {
    let mut hasher = DefaultHasher::new();
    hash_file(Path::new("Cargo.toml"), &mut hasher);
    hash_folder(Path::new("src"), &mut hasher);
    let mut features = features.to_vec();
    features.sort();
    features.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn hash_folder(folder: &Path, hasher: &mut DefaultHasher) {
    let entries = fs::read_dir(folder).expect("the sources can be read");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("the sources can be read").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_folder(&path, hasher);
        } else {
            hash_file(&path, hasher);
        }
    }
}

fn hash_file(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    fs::read(path)
        .expect("the sources can be read")
        .hash(hasher);
}
