//! A second WGSL front end on every module: Chromium's (Tint), through WebGPU on its own SwiftShader.
//!
//! naga accepts barriers in non-uniform control flow; Tint does not. What both accept is WGSL.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aivm_shaders::kernels;

const CHROMIUM: &str = "/usr/bin/chromium";
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
    if !Path::new(CHROMIUM).exists() {
        let reason = format!("no {CHROMIUM} (Debian: chromium)");
        assert!(std::env::var_os("AIVM_NO_SKIP").is_none(), "{reason}");
        println!("skipped: {reason}");
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

/// Serves the page on the loopback interface to a headless Chromium and waits for what it posts.
fn compile_in_chromium(sources: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket option");
    let address = listener.local_addr().expect("an address");
    let text = serde_json::to_string(sources).expect("strings");
    let page = format!("<script>const SOURCES = {text};</script>{PAGE}");
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chromium");
    let _browser = Browser(
        Command::new(CHROMIUM)
            .args([
                "--headless",
                "--no-sandbox",
                "--no-first-run",
                "--disable-sync",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://{address}/"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromium starts"),
    );
    let begun = Instant::now();
    while begun.elapsed() < DEADLINE {
        match listener.accept() {
            Ok((stream, _)) => {
                if let Some(body) = answer(stream, &page) {
                    return serde_json::from_str(&body).expect("the page posts JSON");
                }
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    panic!("the page posted nothing within {DEADLINE:?}");
}

/// Answers one request; the body of a POST.
fn answer(stream: TcpStream, page: &str) -> Option<String> {
    stream.set_nonblocking(false).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (reply, posted) = if request.starts_with("POST") {
        ("", Some(String::from_utf8_lossy(&body).into_owned()))
    } else {
        (page, None)
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n";
    let stream = reader.get_mut();
    let _ = write!(
        stream,
        "{head}Content-Length: {}\r\n\r\n{reply}",
        reply.len()
    );
    posted
}

/// A browser that ends with the test.
struct Browser(Child);

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
