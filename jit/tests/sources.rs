//! The part of the key of code on disk that says which compiler made it: the sources of this crate and its features.

#[path = "../build.rs"]
#[expect(dead_code, reason = "a build script has a `main`")]
mod build;

fn name(features: &[&str]) -> String {
    let features: Vec<String> = features.iter().map(|&name| name.to_owned()).collect();
    build::name(&features)
}

#[test]
fn other_features_are_another_compiler() {
    assert_ne!(name(&[]), name(&["PLANTED_BUG"]));
    assert_ne!(name(&["PLANTED_BUG"]), name(&["ANOTHER"]));
    assert_ne!(name(&["AB", "C"]), name(&["A", "BC"]));
    assert_eq!(name(&["AB", "C"]), name(&["C", "AB"]));
}

/// With `--features planted-bug` this fails if the build script does not see the feature.
#[test]
fn this_build_is_named_by_its_features() {
    let features: &[&str] = if cfg!(feature = "planted-bug") {
        &["PLANTED_BUG"]
    } else {
        &[]
    };
    assert_eq!(env!("AIVM_JIT_SOURCES"), name(features));
}
