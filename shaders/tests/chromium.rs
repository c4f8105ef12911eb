//! A second WGSL front end on every module: Chromium's (Tint), through WebGPU on its own SwiftShader.
//!
//! naga accepts barriers in non-uniform control flow; Tint does not. What both accept is WGSL.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aivm_browser::{Site, WEBGPU, visit};
use aivm_shaders::kernels;

const DEADLINE: Duration = Duration::from_secs(180);

/// Compiles every source and posts, by name, the errors of the front end and of the pipeline.
const PAGE: &str = r#"<script type="module">
const post = (text) => fetch("/result", { method: "POST", body: text });
try {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter.requestDevice();
    const errors = {};
    for (const [name, code] of Object.entries(SOURCES)) {
        device.pushErrorScope("validation");
        const module = device.createShaderModule({ code });
        const info = await module.getCompilationInfo();
        const found = info.messages.filter((message) => message.type === "error");
        errors[name] = found.map((message) => `${message.lineNum}: ${message.message}`);
        device.createComputePipeline({ layout: "auto", compute: { module } });
        const failed = await device.popErrorScope();
        if (failed && found.length === 0) errors[name].push(failed.message);
    }
    await post(JSON.stringify(errors));
} catch (error) {
    await post(JSON.stringify({ page: [String(error)] }));
}
</script>"#;

/// A module that naga accepts and WGSL forbids: shows that this test sees the front end's refusals.
const NON_UNIFORM_BARRIER: &str = "
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
    if (local == 0u) {
        workgroupBarrier();
    }
}";

#[test]
fn tint_accepts_every_kernel_and_accepted_shader() {
    if !aivm_browser::present() {
        return;
    }
    let mut sources: BTreeMap<String, String> = kernels::all()
        .iter()
        .map(|kernel| {
            (
                format!("kernels/{}", kernel.name),
                kernel.source.to_string(),
            )
        })
        .collect();
    for folder in ["accepted", "tests/chains"] {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(files).expect("the folder is there") {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            let text = std::fs::read_to_string(&path).expect("a text");
            sources.insert(format!("{folder}/{name}"), text);
        }
    }
    let planted = "planted".to_owned();
    sources.insert(planted.clone(), NON_UNIFORM_BARRIER.to_owned());

    let mut errors = compile_in_chromium(&sources);
    let refusal = errors.remove(&planted).unwrap_or_default();
    assert!(
        refusal.iter().any(|error| error.contains("uniform")),
        "the planted module was not refused for its barrier: {refusal:?}; all: {errors:?}"
    );
    assert_eq!(errors.len(), sources.len() - 1, "{errors:?}");
    let refused: Vec<_> = errors
        .iter()
        .filter(|(_, found)| !found.is_empty())
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    println!("campaign: modules_accepted_by_tint={}", errors.len());
}

/// What the page posts.
fn compile_in_chromium(sources: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    let text = serde_json::to_string(sources).expect("strings");
    let page = format!("<script>const SOURCES = {text};</script>{PAGE}");
    let site = Site::from([("/".to_owned(), page.into_bytes())]);
    let posted = visit(site, WEBGPU, DEADLINE).expect("the page posts");
    serde_json::from_str(&posted).expect("the page posts JSON")
}
