//! The campaigns: which tests, how long, and what they need.

/// Where Chromium's package keeps SwiftShader, a Vulkan driver on the CPU.
const SWIFTSHADER: &str = "/usr/lib/chromium/vk_swiftshader_icd.json";
const LAVAPIPE: &str = "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json";

/// A campaign: test runs one after the other.
pub(super) struct Campaign {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// A file that must exist, and the Debian package that has it.
    pub(super) needs: Option<(&'static str, &'static str)>,
    pub(super) runs: &'static [Run],
}

/// One run of `cargo test --release`.
pub(super) struct Run {
    /// Environment. A number (`AIVM_…`) that the caller has set wins, and shows in the row's counts; a driver does not, or
    /// the row would name another than ran.
    pub(super) environment: &'static [(&'static str, &'static str)],
    /// What follows `cargo test --release`.
    pub(super) arguments: &'static [&'static str],
}

const GPU_TESTS: &[&str] = &["-p", "aivm-gpu", "--", "--nocapture", "--test-threads=1"];

const SOAK: &[&str] = &[
    "-p",
    "aivm-coprocessor",
    "--test",
    "faults",
    "soak",
    "--",
    "--nocapture",
];
/// The test of `aivm-coprocessor` that runs random cases on every back end.
const DETERMINISM: &[&str] = &[
    "-p",
    "aivm-coprocessor",
    "--test",
    "determinism",
    "every_back_end",
    "--",
    "--nocapture",
];
/// Random cases of one campaign.
const CASES: (&str, &str) = ("AIVM_DETERMINISM_CASES", "1000000");

const MUTATIONS: &[(&str, &str)] = &[("AIVM_MUTATIONS", "200000")];
/// Of each of the four models that the test damages.
const TOSA_MUTATIONS: &[(&str, &str)] = &[("AIVM_MUTATIONS", "250000")];
const ONNX_MUTATIONS: &[(&str, &str)] = &[("AIVM_MUTATIONS", "1000000")];

pub(super) const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        name: "differential",
        what: "100,000 generated modules: interpreter, JIT and wasmi agree",
        needs: None,
        runs: &[Run {
            environment: &[("AIVM_DIFFERENTIAL_MODULES", "100000")],
            arguments: &[
                "-p",
                "aivm-lockstep",
                "--test",
                "differential",
                "generated",
                "--",
                "--nocapture",
            ],
        }],
    },
    Campaign {
        name: "differential-mutants",
        what: "100,000 mutants of contracts and programs: interpreter, JIT and wasmi agree",
        needs: None,
        runs: &[Run {
            environment: &[("AIVM_DIFFERENTIAL_MUTANTS", "100000")],
            arguments: &[
                "-p",
                "aivm-lockstep",
                "--test",
                "differential",
                "mutants",
                "--",
                "--nocapture",
            ],
        }],
    },
    Campaign {
        name: "lavapipe-widths",
        what: "the GPU crate's tests on lavapipe with vectors of 128, 256 and 512 bits",
        needs: Some((LAVAPIPE, "mesa-vulkan-drivers")),
        runs: &[
            Run {
                environment: &[
                    ("VK_DRIVER_FILES", LAVAPIPE),
                    ("LP_NATIVE_VECTOR_WIDTH", "128"),
                ],
                arguments: GPU_TESTS,
            },
            Run {
                environment: &[
                    ("VK_DRIVER_FILES", LAVAPIPE),
                    ("LP_NATIVE_VECTOR_WIDTH", "256"),
                ],
                arguments: GPU_TESTS,
            },
            Run {
                environment: &[
                    ("VK_DRIVER_FILES", LAVAPIPE),
                    ("LP_NATIVE_VECTOR_WIDTH", "512"),
                ],
                arguments: GPU_TESTS,
            },
        ],
    },
    Campaign {
        name: "swiftshader",
        what: "the GPU crate's tests on SwiftShader",
        needs: Some((SWIFTSHADER, "chromium")),
        runs: &[Run {
            environment: &[("VK_DRIVER_FILES", SWIFTSHADER)],
            arguments: GPU_TESTS,
        }],
    },
    Campaign {
        name: "determinism-lavapipe-128",
        what: "a million random cases: reference, CPU and lavapipe with vectors of 128 bits agree",
        needs: Some((LAVAPIPE, "mesa-vulkan-drivers")),
        runs: &[Run {
            environment: &[
                CASES,
                ("VK_DRIVER_FILES", LAVAPIPE),
                ("LP_NATIVE_VECTOR_WIDTH", "128"),
            ],
            arguments: DETERMINISM,
        }],
    },
    Campaign {
        name: "determinism-lavapipe-256",
        what: "the same with vectors of 256 bits",
        needs: Some((LAVAPIPE, "mesa-vulkan-drivers")),
        runs: &[Run {
            environment: &[
                CASES,
                ("VK_DRIVER_FILES", LAVAPIPE),
                ("LP_NATIVE_VECTOR_WIDTH", "256"),
            ],
            arguments: DETERMINISM,
        }],
    },
    Campaign {
        name: "determinism-lavapipe-512",
        what: "the same with vectors of 512 bits",
        needs: Some((LAVAPIPE, "mesa-vulkan-drivers")),
        runs: &[Run {
            environment: &[
                CASES,
                ("VK_DRIVER_FILES", LAVAPIPE),
                ("LP_NATIVE_VECTOR_WIDTH", "512"),
            ],
            arguments: DETERMINISM,
        }],
    },
    Campaign {
        name: "determinism-swiftshader",
        what: "the same on SwiftShader",
        needs: Some((SWIFTSHADER, "chromium")),
        runs: &[Run {
            environment: &[CASES, ("VK_DRIVER_FILES", SWIFTSHADER)],
            arguments: DETERMINISM,
        }],
    },
    Campaign {
        name: "determinism-default",
        what: "the same on every adapter of this machine: for machines with a GPU",
        needs: None,
        runs: &[Run {
            environment: &[CASES],
            arguments: DETERMINISM,
        }],
    },
    Campaign {
        name: "chromium",
        what: "every shader through Chromium's WGSL front end and its WebGPU",
        needs: Some((SWIFTSHADER, "chromium")),
        runs: &[Run {
            environment: &[],
            arguments: &[
                "-p",
                "aivm-shaders",
                "--test",
                "chromium",
                "--",
                "--nocapture",
            ],
        }],
    },
    Campaign {
        name: "faults",
        what: "1,000 losses, lacks of memory and hangs at all stages on each adapter, in runs and in calls of a contract: bytes and receipts stay, the adapter returns",
        needs: None,
        runs: &[
            Run {
                environment: &[("AIVM_TROUBLES", "1000")],
                arguments: &[
                    "-p",
                    "aivm-coprocessor",
                    "--test",
                    "faults",
                    "troubles",
                    "--",
                    "--nocapture",
                ],
            },
            Run {
                environment: &[("AIVM_TROUBLES", "1000")],
                arguments: &["--test", "gpu_lost", "--", "--nocapture"],
            },
        ],
    },
    Campaign {
        name: "soak",
        what: "eight threads call four models for five minutes on lavapipe, then on SwiftShader: same bits, bounded memory",
        needs: Some((SWIFTSHADER, "chromium")),
        runs: &[
            Run {
                environment: &[("VK_DRIVER_FILES", LAVAPIPE), ("AIVM_SOAK_SECONDS", "300")],
                arguments: SOAK,
            },
            Run {
                environment: &[
                    ("VK_DRIVER_FILES", SWIFTSHADER),
                    ("AIVM_SOAK_SECONDS", "300"),
                ],
                arguments: SOAK,
            },
        ],
    },
    Campaign {
        name: "self-check",
        what: "10,000 bits turned over in linear outputs with all checked, and as many at two shares",
        needs: None,
        runs: &[Run {
            environment: &[("AIVM_FLIPS", "10000")],
            arguments: &[
                "-p",
                "aivm-coprocessor",
                "--test",
                "self_check",
                "flips",
                "--",
                "--nocapture",
            ],
        }],
    },
    Campaign {
        name: "fuzz",
        what: "a million mutated models of each format, 200,000 other files: refused or accepted, never a panic",
        needs: None,
        runs: &[
            Run {
                environment: TOSA_MUTATIONS,
                arguments: &["-p", "aivm-tosa", "damaged", "--", "--nocapture"],
            },
            Run {
                environment: TOSA_MUTATIONS,
                arguments: &["-p", "aivm-cpu", "--test", "damaged", "--", "--nocapture"],
            },
            Run {
                environment: ONNX_MUTATIONS,
                arguments: &[
                    "-p",
                    "aivm-import",
                    "--test",
                    "damaged",
                    "--",
                    "--nocapture",
                ],
            },
            Run {
                environment: MUTATIONS,
                arguments: &["-p", "aivm-wasm", "damaged", "--", "--nocapture"],
            },
            Run {
                environment: MUTATIONS,
                arguments: &[
                    "-p",
                    "synergy-aivm",
                    "--test",
                    "bad_input",
                    "--",
                    "--nocapture",
                ],
            },
        ],
    },
];
