//! Shows pages to headless Chromium, whose WebGPU shares nothing with wgpu: Tint compiles the shaders, Dawn drives the
//! GPU, which is a SwiftShader of its own.
//!
//! The pages lie on the loopback interface, and a page ends the visit with a POST of what it found.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Where Debian's package `chromium` has it.
pub const CHROMIUM: &str = "/usr/bin/chromium";
/// What turns WebGPU on without a GPU.
pub const WEBGPU: &[&str] = &["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/// How long a connection may say nothing.
const SILENCE: Duration = Duration::from_secs(10);
/// Most bytes of what a page posts.
const POSTED_BYTES_MAX: u64 = 64 << 20;

/// Files by their paths, each with a slash in front; `/` is the page that is visited.
pub type Site = BTreeMap<String, Vec<u8>>;

/// Whether Chromium is there. Says that a test is skipped if not, and fails where nothing may be skipped.
///
/// # Panics
/// Without Chromium, if the environment has AIVM_NO_SKIP.
#[must_use]
pub fn present() -> bool {
    let present = Path::new(CHROMIUM).exists();
    if !present {
        let reason = format!("no {CHROMIUM} (Debian: chromium)");
        assert!(std::env::var_os("AIVM_NO_SKIP").is_none(), "{reason}");
        println!("skipped: {reason}");
    }
    present
}

/// Visits `/` of a site with Chromium and these further `flags`; gives the body of the first POST.
///
/// # Errors
/// If Chromium does not start, ends, or the page posts nothing within `deadline`.
pub fn visit(site: Site, flags: &[&str], deadline: Duration) -> Result<String, String> {
    let failed = |error: io::Error| format!("{CHROMIUM}: {error}");
    let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let mut browser = Browser::start(address, flags).map_err(failed)?;
    let site = Arc::new(site);
    let (posted, received) = mpsc::channel();
    let begun = Instant::now();
    while begun.elapsed() < deadline {
        if let Ok(body) = received.try_recv() {
            return Ok(body);
        }
        if let Some(status) = browser.child.try_wait().map_err(failed)? {
            return Err(format!("{CHROMIUM} ended with {status}"));
        }
        match listener.accept() {
            // A thread of its own: browsers open connections before they need them.
            Ok((stream, _)) => {
                let (site, posted) = (Arc::clone(&site), posted.clone());
                thread::spawn(move || {
                    if let Ok(Some(body)) = answer(stream, &site) {
                        // Nobody listens once the visit is over.
                        let _ = posted.send(body);
                    }
                });
            }
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
    Err(format!("the page posted nothing within {deadline:?}"))
}

/// Answers one request; the body if it is a POST.
fn answer(stream: TcpStream, site: &Site) -> io::Result<Option<String>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut words = request.split_whitespace();
    if words.next() == Some("POST") {
        let mut body = String::new();
        let mut sent = (&mut reader).take(length.min(POSTED_BYTES_MAX));
        sent.read_to_string(&mut body)?;
        reply(reader.get_mut(), "200 OK", "text/plain", b"")?;
        return Ok(Some(body));
    }
    let path = words.next().unwrap_or_default();
    match site.get(path) {
        Some(file) => reply(reader.get_mut(), "200 OK", media_type(path), file)?,
        None => reply(reader.get_mut(), "404 Not Found", "text/plain", b"")?,
    }
    Ok(None)
}

fn reply(stream: &mut TcpStream, status: &str, media: &str, body: &[u8]) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => "text/html; charset=utf-8",
    }
}

/// A browser that ends with its visit, and leaves nothing behind.
struct Browser {
    child: Child,
    profile: PathBuf,
}

impl Browser {
    fn start(address: SocketAddr, flags: &[&str]) -> io::Result<Browser> {
        static VISITS: AtomicU32 = AtomicU32::new(0);
        let visit = VISITS.fetch_add(1, Ordering::Relaxed);
        let name = format!("aivm-browser-{}-{visit}", std::process::id());
        let profile = std::env::temp_dir().join(name);
        let child = Command::new(CHROMIUM)
            .args(["--headless", "--no-sandbox", "--no-first-run"])
            .args(["--disable-sync", "--disable-background-networking"])
            .arg("--disable-component-update")
            .args(flags)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("http://{address}/"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Browser { child, profile })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself; its processes may still write to the profile.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for _ in 0..20 {
            if fs::remove_dir_all(&self.profile).is_ok() || !self.profile.exists() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
