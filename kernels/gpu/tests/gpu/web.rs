//! Makes `web/cases.js`: what the web page runs in a visitor's browser, with the answers of the reference.
//!
//! `cargo xtask web --write` writes the file (this test with AIVM_BLESS=1), `cargo xtask web` finds it stale.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use aivm_cases::Choices;
use aivm_cases::plan::{Shape, shapes};
use aivm_gpu::PlanOptions;
use aivm_gpu::script::{Border, Bound, Script};
use aivm_reference::ReferenceExecutor;
use aivm_tosa::{Executor, ModelLimits, PriceTable, Priced, load};
use serde::Serialize;

/// Version of the file's format.
const FORMAT: u32 = 1;
/// Seed of the random cases, which are those of the determinism bench.
const SEED: u64 = 1;
/// Of how many of its cases the shapes are taken.
const CASES: u64 = 5000;
/// Sets of data that a shape runs on; the bench takes more.
const SHAPE_CASES: u32 = 3;
/// Most bytes of inputs and outputs of a shape.
const SHAPE_BYTES: u64 = 12_000;
/// Of inputs and outputs together, how many bytes of random cases a graph may add.
const RANDOM_BYTES: usize = 4096;
/// Most random cases of a graph.
const RANDOM_CASES: usize = 5;

/// Everything that the page runs.
#[derive(Serialize)]
struct Page {
    format: u32,
    kernels: Vec<Kernel>,
    runs: Vec<Run>,
}

#[derive(Serialize)]
struct Kernel {
    name: String,
    inputs: u32,
    source: String,
}

/// One model with inputs, and what they give.
#[derive(Serialize)]
struct Run {
    name: String,
    cases: usize,
    /// Words of a case.
    buffers: Vec<u32>,
    /// Base64.
    constants: Vec<String>,
    inputs: Vec<Tensor>,
    dispatches: Vec<Dispatch>,
    outputs: Vec<Tensor>,
}

/// The bytes of all cases of an input or an output, without padding.
#[derive(Serialize)]
struct Tensor {
    buffer: usize,
    words: u32,
    bytes: usize,
    /// Base64.
    data: String,
}

#[derive(Serialize)]
struct Dispatch {
    kernel: usize,
    params: Vec<u32>,
    reads: Vec<Binding>,
    writes: Binding,
    groups: [u32; 2],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Binding {
    Constant { constant: usize },
    Buffer { buffer: usize, words: u32 },
}

/// A model and the inputs of one or more cases.
struct Source {
    name: String,
    model: Arc<Priced>,
    input: Vec<u8>,
}

#[test]
#[ignore = "`cargo xtask web` runs it: the file is written when the page is, not with each kernel"]
fn the_page_has_the_cases_of_these_sources() {
    let file = repository("web/cases.js");
    let text = text(&page());
    if std::env::var_os("AIVM_BLESS").is_some() {
        std::fs::write(&file, &text).expect("the file is written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == text,
        "web/cases.js is not what these sources give: run `cargo xtask web --write`"
    );
}

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The page's cases: the oracle's graphs, random graphs, and a whole model.
fn page() -> Page {
    let mut page = Page {
        format: FORMAT,
        kernels: Vec::new(),
        runs: Vec::new(),
    };
    let mut known = BTreeMap::new();
    for source in oracle().into_iter().chain(random()).chain([digits()]) {
        // Graphs that move nothing have no dispatch, and those that give a constant are not for a GPU.
        let Ok(script) = Script::of(&source.model, PlanOptions::default()) else {
            continue;
        };
        if !script.dispatches.is_empty() {
            page.add(&source, &source.name, script, &mut known);
        }
    }
    let oracle = oracle().len();
    assert!(
        page.runs.len() > oracle,
        "{} runs, {oracle} known",
        page.runs.len()
    );
    let tested = |name: &str| {
        let mut names = page
            .kernels
            .iter()
            .flat_map(|kernel| kernel.name.split('+'));
        names.any(|kernel| kernel == name)
    };
    // Tiles and blocks, and what packs for tiles, are for drivers that no page sees.
    let packs = &aivm_shaders::kernels::PACK_COLUMNS;
    let files = aivm_shaders::kernels::ALL.iter();
    let files = files.filter(|kernel| kernel.name != packs.name);
    let files = files.map(|kernel| &*kernel.name);
    let operators = aivm_shaders::chain::Function::NAMES.iter().copied();
    let frames = aivm_shaders::kernels::FRAMES.iter();
    let missing: Vec<_> = files
        .chain(frames.map(|frame| frame.name))
        .chain(operators)
        .filter(|name| !tested(name))
        .collect();
    assert!(missing.is_empty(), "no run has {missing:?}");
    page
}

/// The plain graphs of `tests/oracle`, by name, with their inputs and random ones.
fn oracle() -> Vec<Source> {
    let folder = repository("tests/oracle");
    let entries = std::fs::read_dir(folder).expect("the oracle folder exists");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        // What the host drives is no list of dispatches.
        .filter(|path| path.is_dir() && !path.ends_with("stateful"))
        .collect();
    folders.sort();
    let source = |folder: &PathBuf| {
        let read = |file| std::fs::read(folder.join(file)).expect("an oracle case has its files");
        let name = folder.file_name().expect("a name").to_string_lossy();
        let model = priced(&read("model.tosa")).expect("the model is valid");
        Source::new(&name, model, read("input.bin"))
    };
    folders.iter().map(source).collect()
}

/// The first shapes of the determinism bench that are plain and small, with their first cases.
fn random() -> Vec<Source> {
    let source = |shape: &Shape| {
        let shape = Shape {
            cases: SHAPE_CASES,
            ..*shape
        };
        let model = shape.model(SEED).expect("a valid model");
        let graph = model.graph();
        let bytes = (graph.input_bytes() + graph.output_bytes()) * u64::from(SHAPE_CASES);
        let name = format!("random {} {}", shape.family.name, shape.index);
        (model.program().is_plain() && bytes <= SHAPE_BYTES).then(|| Source {
            name,
            input: shape.input(SEED, &model),
            model,
        })
    };
    shapes(CASES).iter().filter_map(source).collect()
}

/// The network of the examples on its 16 digits.
fn digits() -> Source {
    let read = |name: &str| {
        let file = repository("examples/models").join(name);
        std::fs::read(file).expect("the example is there")
    };
    let model = priced(&read("mnist_cnn.tosa")).expect("the model is valid");
    let pixels = &read("mnist_digits16.bin")[..16 * 784];
    let input = pixels.iter().map(|pixel| pixel.wrapping_sub(128)).collect();
    Source {
        name: "mnist_cnn on 16 digits".to_owned(),
        model,
        input,
    }
}

fn priced(file: &[u8]) -> Option<Arc<Priced>> {
    load(file, &ModelLimits::TOOL, &PriceTable::V1)
        .ok()
        .map(Arc::new)
}

impl Source {
    /// `known` inputs, and as many random cases as fit.
    fn new(name: &str, model: Arc<Priced>, known: Vec<u8>) -> Source {
        let graph = model.graph();
        let case_bytes = (graph.input_bytes() + graph.output_bytes()) as usize;
        let cases = (RANDOM_BYTES / case_bytes.max(1)).min(RANDOM_CASES);
        let mut choices = Choices::new(known.len() as u64);
        let mut input = known;
        for _ in 0..cases {
            input.extend(aivm_cases::input(&model, &mut choices));
        }
        Source {
            name: name.to_owned(),
            model,
            input,
        }
    }
}

impl Page {
    /// Adds a run; `known` has the index of each kernel's text.
    fn add(
        &mut self,
        source: &Source,
        name: &str,
        script: Script,
        known: &mut BTreeMap<String, usize>,
    ) {
        let input_bytes = source.model.graph().input_bytes() as usize;
        let cases = source.input.len() / input_bytes;
        let plan = ReferenceExecutor.prepare(&source.model);
        let plan = plan.expect("the reference runs every model");
        let output = plan.run_cases(cases as u32, &source.input);
        let output = output.expect("a plain model runs");
        let kernels: Vec<usize> = script
            .kernels
            .iter()
            .map(|kernel| {
                *known.entry(kernel.source.to_string()).or_insert_with(|| {
                    self.kernels.push(Kernel {
                        name: kernel.name.to_string(),
                        inputs: kernel.inputs,
                        source: kernel.source.to_string(),
                    });
                    self.kernels.len() - 1
                })
            })
            .collect();
        let dispatches = script.dispatches.iter().map(|dispatch| Dispatch {
            kernel: kernels[dispatch.kernel],
            params: dispatch.params.clone(),
            reads: dispatch.reads.iter().map(|&bound| binding(bound)).collect(),
            writes: binding(dispatch.writes),
            groups: dispatch.groups,
        });
        self.runs.push(Run {
            name: name.to_owned(),
            cases,
            dispatches: dispatches.collect(),
            inputs: tensors(&script.inputs, &source.input, cases),
            outputs: tensors(&script.outputs, &output, cases),
            buffers: script.buffers,
            constants: script.constants.iter().map(|bytes| base64(bytes)).collect(),
        });
    }
}

fn binding(bound: Bound) -> Binding {
    match bound {
        Bound::Constant(constant) => Binding::Constant { constant },
        Bound::Buffer { buffer, words } => Binding::Buffer { buffer, words },
    }
}

/// Takes the bytes of all cases apart, tensor by tensor.
fn tensors(borders: &[Border], bytes: &[u8], cases: usize) -> Vec<Tensor> {
    let mut start = 0;
    let tensor = |border: &Border| {
        let of_case = |case: &[u8]| case[start..start + border.bytes].to_vec();
        let data: Vec<u8> = bytes
            .chunks_exact(bytes.len() / cases)
            .flat_map(of_case)
            .collect();
        start += border.bytes;
        Tensor {
            buffer: border.buffer,
            words: border.words,
            bytes: border.bytes,
            data: base64(&data),
        }
    };
    borders.iter().map(tensor).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut bits = 0;
        for index in 0..3 {
            bits = bits << 8 | u32::from(*chunk.get(index).unwrap_or(&0));
        }
        for digit in 0..4 {
            let value = DIGITS[(bits >> (18 - 6 * digit)) as usize & 63];
            text.push(if digit <= chunk.len() {
                value as char
            } else {
                '='
            });
        }
    }
    text
}

/// A script that declares the cases, with a line for each kernel and each run, so that a change shows where it is.
fn text(page: &Page) -> String {
    fn lines<T: Serialize>(items: &[T]) -> String {
        let line = |item| serde_json::to_string(item).expect("plain data");
        items.iter().map(line).collect::<Vec<_>>().join(",\n")
    }
    format!(
        "// Made by `cargo xtask web --write`.\nconst AIVM_CASES = {{\"format\":{},\"kernels\":[\n{}\n],\"runs\":[\n{}\n]}};\n",
        page.format,
        lines(&page.kernels),
        lines(&page.runs)
    )
}
