//! `aivm infer` gives the golden bytes on every back end that the project vouches for: the reference,
//! lavapipe with vectors of 128, 256 and 512 bits (subgroups of 4, 8 and 16), and SwiftShader.
//!
//! One program run a back end, because a Vulkan driver reads its settings once a process. Models, images and
//! goldens come from the folder `AIVM_SHARED`, by default `../shared` beside the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How one back end is chosen.
struct Backend {
    name: &'static str,
    arguments: &'static [&'static str],
    /// A Vulkan driver: the beginning of its manifest's file name, and the folders where it may be.
    driver: Option<(&'static str, &'static [&'static str])>,
    environment: &'static [(&'static str, &'static str)],
    /// What the name of the back end that ran must contain: nothing fell back, and the setting was heard.
    reported: &'static str,
}

const LAVAPIPE: Option<(&str, &[&str])> = Some((
    "lvp_icd.",
    &["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"],
));
const SWIFTSHADER: Option<(&str, &[&str])> = Some((
    "vk_swiftshader_icd.",
    &["/usr/lib/chromium", "/usr/lib/chromium-browser"],
));

/// Cases of one model: all inputs one after the other, and the outputs that must come back.
struct Goldens {
    model: PathBuf,
    /// Leading axis first.
    shape: &'static [usize],
    input: Vec<u8>,
    output: Vec<u8>,
}

#[test]
fn reference_gives_the_goldens() {
    check(&Backend {
        name: "reference",
        arguments: &["--backend", "reference"],
        driver: None,
        environment: &[],
        reported: "reference",
    });
}

#[test]
fn lavapipe_128_gives_the_goldens() {
    check(&lavapipe(
        "lavapipe-128",
        &[("LP_NATIVE_VECTOR_WIDTH", "128")],
        "128 bits",
    ));
}

#[test]
fn lavapipe_256_gives_the_goldens() {
    check(&lavapipe(
        "lavapipe-256",
        &[("LP_NATIVE_VECTOR_WIDTH", "256")],
        "256 bits",
    ));
}

#[test]
fn lavapipe_512_gives_the_goldens() {
    check(&lavapipe(
        "lavapipe-512",
        &[("LP_NATIVE_VECTOR_WIDTH", "512")],
        "512 bits",
    ));
}

#[test]
fn swiftshader_gives_the_goldens() {
    check(&Backend {
        name: "swiftshader",
        arguments: &["--backend", "gpu", "--adapter", "SwiftShader"],
        driver: SWIFTSHADER,
        environment: &[],
        reported: "SwiftShader",
    });
}

fn lavapipe(
    name: &'static str,
    environment: &'static [(&'static str, &'static str)],
    reported: &'static str,
) -> Backend {
    Backend {
        name,
        arguments: &["--backend", "gpu", "--adapter", "llvmpipe"],
        driver: LAVAPIPE,
        environment,
        reported,
    }
}

fn check(backend: &Backend) {
    let Some(shared) = shared() else {
        return skip("no folder of models: set AIVM_SHARED");
    };
    let mut environment: Vec<(&str, PathBuf)> = backend
        .environment
        .iter()
        .map(|&(key, value)| (key, PathBuf::from(value)))
        .collect();
    if let Some((beginning, folders)) = backend.driver {
        let Some(manifest) = find(beginning, folders) else {
            return skip(&format!(
                "no Vulkan driver {beginning}* in {}",
                folders.join(" or ")
            ));
        };
        environment.push(("VK_DRIVER_FILES", manifest));
    }
    let goldens = [
        ("mnist", digits(&shared)),
        ("mnist_single_round", digits_of_litert(&shared)),
        ("resnet8", resnet8(&shared)),
    ];
    for (name, goldens) in goldens {
        let output = infer(backend, &environment, name, &goldens);
        let different = output
            .iter()
            .zip(&goldens.output)
            .filter(|(got, golden)| got != golden)
            .count();
        assert_eq!(
            output.len(),
            goldens.output.len(),
            "{}: {name}: length of the output",
            backend.name
        );
        assert_eq!(
            different, 0,
            "{}: {name}: bytes that differ from the golden",
            backend.name
        );
        println!(
            "campaign: {}_{name}_cases={}",
            backend.name.replace('-', "_"),
            goldens.shape[0]
        );
    }
}

/// Runs the program on all cases; the output's elements.
fn infer(
    backend: &Backend,
    environment: &[(&str, PathBuf)],
    name: &str,
    goldens: &Goldens,
) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let input = folder.join(format!("{}-{name}.input.npy", backend.name));
    let output = folder.join(format!("{}-{name}.output.npy", backend.name));
    std::fs::write(&input, npy(goldens.shape, &goldens.input)).expect("the input is written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_aivm"));
    command
        .arg("infer")
        .arg(&goldens.model)
        .arg("--input")
        .arg(&input)
        .arg("--output")
        .arg(&output)
        .args(backend.arguments)
        .args(["--cases", "--json"])
        .env_remove("LP_NATIVE_VECTOR_WIDTH")
        .env_remove("VK_DRIVER_FILES");
    command.envs(environment.iter().map(|(key, value)| (key, value)));
    let run = command.output().expect("the program starts");
    assert!(
        run.status.success(),
        "{}: {name}: {}\n{}",
        backend.name,
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
    let report = String::from_utf8_lossy(&run.stdout);
    assert!(
        report.contains(backend.reported),
        "{}: {name}: ran on another back end: {report}",
        backend.name
    );
    elements(&std::fs::read(&output).expect("the output is there")).to_vec()
}

/// The 1,000 digits through the model as the converter wrote it: the TOSA reference model's outputs.
fn digits(shared: &Path) -> Goldens {
    Goldens {
        model: shared.join("models/mnist_cnn.tosa"),
        shape: &[1000, 1, 28, 28, 1],
        input: pixels(shared),
        output: read(&repository("tests/models/mnist_cnn.first1000.output.bin")),
    }
}

/// The same with dense layers that round once, as LiteRT's do: LiteRT's outputs (docs/semantics.md).
fn digits_of_litert(shared: &Path) -> Goldens {
    Goldens {
        model: repository("tests/models/mnist_cnn_single_round.tosa"),
        shape: &[1000, 1, 28, 28, 1],
        input: pixels(shared),
        output: elements(&read(&shared.join("models/mnist/mnist_cnn.output.npy"))).to_vec(),
    }
}

/// Pixels of the first 1,000 images, 128 less each.
fn pixels(shared: &Path) -> Vec<u8> {
    let images = read(&shared.join("models/mnist/t10k-first1000-images-idx3-ubyte"));
    images[16..].iter().map(|pixel| pixel ^ 0x80).collect()
}

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn resnet8(shared: &Path) -> Goldens {
    Goldens {
        model: shared.join("models/resnet8.tosa"),
        shape: &[8, 1, 32, 32, 3],
        input: elements(&read(&shared.join("models/resnet8.input.npy"))).to_vec(),
        output: elements(&read(&shared.join("models/resnet8.output.npy"))).to_vec(),
    }
}

/// An array file of version 1.0 with int8 elements.
fn npy(shape: &[usize], data: &[u8]) -> Vec<u8> {
    assert_eq!(
        shape.iter().product::<usize>(),
        data.len(),
        "shape and data agree"
    );
    let shape: String = shape.iter().map(|length| format!("{length}, ")).collect();
    let mut header = format!("{{'descr': '|i1', 'fortran_order': False, 'shape': ({shape}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("a short header");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(length.to_le_bytes());
    file.extend(header.bytes());
    file.extend(data);
    file
}

/// What follows the header of an array file of version 1.0.
fn elements(file: &[u8]) -> &[u8] {
    assert_eq!(
        &file[..8],
        b"\x93NUMPY\x01\x00",
        "an array file of version 1.0"
    );
    &file[10 + usize::from(u16::from_le_bytes([file[8], file[9]]))..]
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first file in one of the folders whose name begins so (the middle names the processor).
fn find(beginning: &str, folders: &[&str]) -> Option<PathBuf> {
    folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten())
        .find(|entry| entry.file_name().to_string_lossy().starts_with(beginning))
        .map(|entry| entry.path())
}

fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("AIVM_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    folder.is_dir().then_some(folder)
}

fn skip(reason: &str) {
    assert!(
        std::env::var_os("AIVM_NO_SKIP").is_none(),
        "AIVM_NO_SKIP is set, but: {reason}"
    );
    println!("skipped: {reason}");
}
