//! Which crate may use which: the arrows of `docs/architecture.md` as a table, and the rules that hold
//! for some crates only. A new crate or arrow is added here first, with its reason.

/// Rules of one crate.
pub(crate) struct Layer {
    /// Package name.
    pub(crate) name: &'static str,
    /// Workspace crates it may use in its library or program.
    pub(crate) uses: &'static [&'static str],
    /// Workspace crates that only its tests and benches may use, besides `uses`.
    pub(crate) tests_use: &'static [&'static str],
    /// Whether it may say `unsafe`.
    pub(crate) unsafe_code: UnsafeCode,
    /// Identifiers its code must not contain (tests may): what could make two nodes differ.
    pub(crate) banned: &'static [&'static str],
}

/// Whether a crate may say `unsafe`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnsafeCode {
    /// Nowhere: its roots carry `#![forbid(unsafe_code)]`.
    Forbidden,
    /// In this file alone, below the package: its roots carry `#![deny(unsafe_code)]`.
    In(&'static str),
    /// Wherever a comment says why it is sound.
    Explained,
}

/// Neither floats nor clocks: what these crates compute enters state, gas or a hash.
const EXACT: &[&str] = &["f32", "f64", "Instant", "SystemTime"];
/// No floats; a clock for deadlines and metrics only.
const INTEGER: &[&str] = &["f32", "f64", "SystemTime"];
const NONE: &[&str] = &[];

/// Every crate of the workspace.
pub(crate) const LAYERS: &[Layer] = &[
    Layer {
        name: "aivm-core",
        uses: NONE,
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-wasm",
        uses: &["aivm-core"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-interpreter",
        uses: &["aivm-core", "aivm-wasm"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-jit",
        uses: &["aivm-core", "aivm-wasm"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Explained,
        banned: INTEGER,
    },
    Layer {
        // Test scripts on both engines (ADR 10).
        name: "aivm-wast",
        uses: &["aivm-core", "aivm-wasm", "aivm-interpreter", "aivm-jit"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: &["Instant", "SystemTime"],
    },
    Layer {
        name: "aivm-host",
        uses: &["aivm-core"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-engine",
        uses: &[
            "aivm-core",
            "aivm-wasm",
            "aivm-interpreter",
            "aivm-jit",
            "aivm-host",
            "aivm-tosa",
            "aivm-coprocessor",
        ],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: INTEGER,
    },
    Layer {
        name: "aivm-tosa",
        uses: NONE,
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-reference",
        uses: &["aivm-tosa"],
        // Writes their model files.
        tests_use: &["aivm-cases"],
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-cpu",
        uses: &["aivm-tosa"],
        // The oracle of its tests, and what it is asked.
        tests_use: &["aivm-reference", "aivm-cases"],
        // SIMD.
        unsafe_code: UnsafeCode::Explained,
        banned: EXACT,
    },
    Layer {
        name: "aivm-import",
        uses: &["aivm-tosa"],
        // Runs what it made.
        tests_use: &["aivm-reference"],
        unsafe_code: UnsafeCode::Forbidden,
        // Scales are floats until they are multipliers and shifts, once.
        banned: &["Instant", "SystemTime"],
    },
    Layer {
        name: "aivm-gpu",
        uses: &["aivm-tosa", "aivm-shaders"],
        // The oracle of its tests, and what it is asked.
        tests_use: &["aivm-reference", "aivm-cases"],
        // Calls of wgpu.
        unsafe_code: UnsafeCode::In("src/unchecked.rs"),
        banned: INTEGER,
    },
    Layer {
        name: "aivm-cases",
        uses: &["aivm-tosa"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-coprocessor",
        // The determinism bench runs random cases on every back end.
        uses: &[
            "aivm-tosa",
            "aivm-reference",
            "aivm-cpu",
            "aivm-gpu",
            "aivm-cases",
        ],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: INTEGER,
    },
    Layer {
        name: "aivm-shaders",
        uses: NONE,
        // Another front end compiles the kernels.
        tests_use: &["aivm-browser"],
        unsafe_code: UnsafeCode::Forbidden,
        banned: INTEGER,
    },
    Layer {
        name: "synergy-aivm",
        uses: ALL_LIBRARIES,
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: NONE,
    },
    Layer {
        name: "aivm-peers",
        uses: ALL_LIBRARIES,
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: NONE,
    },
    Layer {
        name: "aivm-lockstep",
        uses: &["aivm-core", "aivm-wasm", "aivm-interpreter", "aivm-jit"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: EXACT,
    },
    Layer {
        name: "aivm-browser",
        uses: NONE,
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: NONE,
    },
    Layer {
        name: "xtask",
        uses: &["aivm-browser"],
        tests_use: NONE,
        unsafe_code: UnsafeCode::Forbidden,
        banned: NONE,
    },
];

const ALL_LIBRARIES: &[&str] = &[
    "aivm-core",
    "aivm-wasm",
    "aivm-interpreter",
    "aivm-jit",
    "aivm-wast",
    "aivm-host",
    "aivm-engine",
    "aivm-tosa",
    "aivm-reference",
    "aivm-cpu",
    "aivm-import",
    "aivm-gpu",
    "aivm-cases",
    "aivm-coprocessor",
    "aivm-shaders",
];

/// An outside crate that only some crates may name, as a dependency or in their sources.
pub(crate) struct Outsider {
    /// Package name, or its beginning when it ends in `*`.
    pub(crate) name: &'static str,
    /// Who may depend on it and name it.
    pub(crate) owners: &'static [&'static str],
}

/// Outside crates with an owner. Tests and benches may use the last group as a further opinion.
pub(crate) const OUTSIDERS: &[Outsider] = &[
    Outsider {
        name: "wgpu",
        owners: &["aivm-gpu"],
    },
    Outsider {
        // The GPU crate reaches it through wgpu.
        name: "naga",
        owners: &["aivm-shaders", "aivm-gpu"],
    },
    Outsider {
        name: "cranelift-*",
        owners: &["aivm-jit"],
    },
    Outsider {
        name: "wasmparser",
        owners: &["aivm-wasm", "aivm-wast"],
    },
    Outsider {
        // Writes model files; the reader is our own (ADR 5).
        name: "flatbuffers",
        owners: &["aivm-import", "aivm-cases"],
    },
    Outsider {
        name: "prost",
        owners: &["aivm-import"],
    },
    Outsider {
        name: "rayon",
        owners: &["aivm-cpu", "aivm-jit"],
    },
    Outsider {
        name: "wasmtime",
        owners: &["aivm-peers"],
    },
    Outsider {
        name: "wasmi",
        owners: &["aivm-peers", "aivm-lockstep"],
    },
];
