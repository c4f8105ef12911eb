//! `aivm infer`: what it computes, and what it refuses.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Folder, fails, images, json, labels, model, npy, stdout};

/// Index of the largest int8, the lowest such.
fn argmax(scores: &[u8]) -> u8 {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if score.cast_signed() > scores[best].cast_signed() {
            best = index;
        }
    }
    best as u8
}

#[test]
fn infer_runs_one_tensor_and_cases() {
    let folder = Folder::new("infer");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let many = folder.write("many.npy", &npy("(16, 1, 28, 28, 1)", &images(16)));
    let (out_one, out_many) = (folder.path("out_one.npy"), folder.path("out_many.npy"));
    let report = json(&[
        "infer",
        &model(),
        "--input",
        &one,
        "--output",
        &out_one,
        "--json",
    ]);
    assert_eq!(
        (&report["cases"], &report["backend"]),
        (&1.into(), &"reference".into())
    );
    assert_eq!(report["outputs"][0]["shape"], serde_json::json!([1, 10]));
    let named = (
        format!("TosaInput_0={many}"),
        format!("TosaOutput_0={out_many}"),
    );
    let text = stdout(&[
        "infer",
        &model(),
        "--input",
        &named.0,
        "--output",
        &named.1,
        "--cases",
        "--backend",
        "reference",
    ]);
    assert!(text.contains("cases: 16"), "{text}");
    let (one, many) = (fs::read(&out_one).unwrap(), fs::read(&out_many).unwrap());
    let (one, many) = (&one[one.len() - 10..], &many[many.len() - 160..]);
    assert_eq!(
        one,
        &many[..10],
        "a case gives the same alone and among others"
    );
    let classes: Vec<u8> = many.chunks_exact(10).map(argmax).collect();
    let right = classes
        .iter()
        .zip(labels(16))
        .filter(|(class, label)| **class == *label);
    assert!(right.count() >= 15, "{classes:?}");
    let leftovers = fs::read_dir(&folder.0).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".part")
    });
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn infer_on_the_cpu_gives_the_bytes_of_the_reference() {
    let folder = Folder::new("infer_cpu");
    let many = folder.write("many.npy", &npy("(16, 1, 28, 28, 1)", &images(16)));
    let outputs = ["reference", "cpu"].map(|backend| {
        let out = folder.path(backend);
        let report = json(&[
            "infer",
            &model(),
            "--input",
            &many,
            "--output",
            &out,
            "--cases",
            "--backend",
            backend,
            "--json",
        ]);
        let name = report["backend"].as_str().expect("a name");
        assert!(name.starts_with(backend), "{name}");
        fs::read(out).expect("the output")
    });
    assert!(outputs[0] == outputs[1]);
    let wrong = Command::new(env!("CARGO_BIN_EXE_aivm"))
        .args([
            "infer",
            &model(),
            "--input",
            &many,
            "--output",
            &folder.path("none"),
        ])
        .args(["--cases", "--backend", "cpu"])
        .env("AIVM_CPU_ISA", "abacus")
        .output()
        .expect("the tool starts");
    assert_eq!(wrong.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("abacus"));
}

#[test]
fn infer_never_writes_over_a_file_that_it_reads() {
    let folder = Folder::new("overwriting");
    let contents = npy("(1, 28, 28, 1)", &images(1));
    let input = folder.write("in.npy", &contents);
    let copied = folder.write("model.tosa", &fs::read(model()).expect("the model"));
    fs::create_dir(folder.path("sub")).expect("a folder");
    let other_path = folder.path("sub/../in.npy");
    for (model, output) in [
        (&model(), &input),
        (&model(), &other_path),
        (&copied, &copied),
    ] {
        let (code, message) = fails(&["infer", model, "--input", &input, "--output", output]);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("already"), "{message}");
    }
    assert!(fs::read(&input).expect("the input") == contents);
}

#[test]
fn infer_refuses_bad_tensors_with_place_and_reason() {
    let folder = Folder::new("bad_tensors");
    let image = images(1);
    let big = npy("(1, 28, 28, 1)", &image);
    let big_endian = String::from_utf8_lossy(&big[10..])
        .contains("|i1")
        .then(|| {
            let mut file = big.clone();
            let at = file.windows(3).position(|word| word == b"|i1").unwrap();
            file[at..at + 3].copy_from_slice(b">i2");
            file
        });
    let mut fortran = big.clone();
    let at = fortran
        .windows(5)
        .position(|word| word == b"False")
        .unwrap();
    fortran[at..at + 5].copy_from_slice(b"True ");
    let cases: [(&str, Vec<u8>, &str); 5] = [
        (
            "shape.npy",
            npy("(28, 28)", &image),
            "the model needs (1, 28, 28, 1)",
        ),
        ("type.npy", big_endian.unwrap(), "\"|i1\" in a file"),
        ("order.npy", fortran, "C order"),
        ("short.npy", npy("(1, 28, 28, 1)", &image[1..]), "needs 784"),
        ("empty.npy", Vec::new(), "\\x93NUMPY"),
    ];
    let out = folder.path("out.npy");
    for (name, bytes, reason) in cases {
        let file = folder.write(name, &bytes);
        let (code, message) = fails(&["infer", &model(), "--input", &file, "--output", &out]);
        assert_eq!(code, 1, "{message}");
        assert!(
            message.contains(reason) && message.contains("at byte"),
            "{message}"
        );
        assert!(!Path::new(&out).exists(), "nothing is written");
    }
    let one = folder.write("one.npy", &big);
    let (code, message) = fails(&[
        "infer",
        &model(),
        "--input",
        &one,
        "--output",
        &out,
        "--cases",
    ]);
    assert_eq!(code, 1);
    assert!(message.contains("leading axis"), "{message}");
}

#[test]
fn infer_names_wrong_arguments_and_missing_adapters() {
    let folder = Folder::new("wrong_arguments");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let out = folder.path("out.npy");
    let base = ["infer", &model(), "--input", &one, "--output", &out].map(str::to_owned);
    let run = |more: &[&str]| {
        let mut arguments: Vec<&str> = base.iter().map(String::as_str).collect();
        arguments.extend_from_slice(more);
        fails(&arguments)
    };
    let (code, message) = run(&["--adapter", "x"]);
    assert_eq!(code, 2);
    assert!(message.contains("--backend gpu"), "{message}");
    let (code, message) = run(&["--backend", "gpu", "--adapter", "no such adapter"]);
    assert_eq!(code, 3);
    assert!(message.contains("adapter"), "{message}");
    let (code, message) = run(&["--input", &one]);
    assert_eq!(code, 2);
    assert!(message.contains("two files"), "{message}");
    let (code, _) = run(&["--backend", "abacus"]);
    assert_eq!(code, 2);
    let unwritable = folder.path("no_such_folder/out.npy");
    let (code, message) = fails(&["infer", &model(), "--input", &one, "--output", &unwritable]);
    assert_eq!(code, 3);
    assert!(message.contains("no_such_folder"), "{message}");
}

#[test]
fn infer_names_the_inputs_and_outputs_that_there_are() {
    let folder = Folder::new("unknown_names");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let out = folder.path("out.npy");
    let input = format!("z={one}");
    let (code, message) = fails(&["infer", &model(), "--input", &input, "--output", &out]);
    assert_eq!(code, 2, "{message}");
    assert!(message.contains("no input of this name"), "{message}");
    assert!(message.contains("TosaInput_0"), "{message}");
    let (code, message) = fails(&["infer", &model(), "--input", &one, "--output", "z=out.npy"]);
    assert_eq!(code, 2, "{message}");
    assert!(message.contains("TosaOutput_0"), "{message}");
    assert!(!Path::new("z=out.npy").exists());
    // A file may have such a name.
    let odd = folder.write("a=b.npy", &npy("(1, 28, 28, 1)", &images(1)));
    stdout(&["infer", &model(), "--input", &odd, "--output", &out]);
}

#[test]
fn infer_finds_an_output_that_cannot_be_written_before_it_runs() {
    let folder = Folder::new("unwritable");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    for output in [folder.path(""), folder.path("none/out.npy")] {
        let (code, message) = fails(&["infer", &model(), "--input", &one, "--output", &output]);
        assert_eq!(code, 3, "{message}");
        assert!(!message.contains("prepared"), "{message}");
    }
    let files = fs::read_dir(&folder.0).expect("the folder").count();
    assert_eq!(files, 1, "only the input");
}

#[test]
fn an_onnx_file_is_pointed_to_the_importer() {
    let folder = Folder::new("onnx");
    let file = folder.write("m.onnx", b"\x08\x08");
    let out = folder.path("out.npy");
    let (code, message) = fails(&["infer", &file, "--input", &out, "--output", &out]);
    assert_eq!(code, 1, "{message}");
    let command = format!(
        "aivm model import {file} --output {}",
        folder.path("m.tosa")
    );
    assert!(message.contains(&command), "{message}");
}

#[cfg(unix)]
#[test]
fn infer_writes_through_links_and_into_pipes_and_keeps_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new("destinations");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let infer = |output: &str| {
        let model = model();
        stdout(&["infer", &model, "--input", &one, "--output", output])
    };
    let plain = folder.path("plain.npy");
    infer(&plain);
    let expected = fs::read(&plain).expect("the output");

    let target = folder.write("target.npy", b"before");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).expect("permissions");
    let link = folder.path("link.npy");
    symlink("target.npy", &link).expect("a link");
    infer(&link);
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert_eq!(fs::read(&target).expect("its file"), expected);
    let mode = fs::metadata(&target)
        .expect("its file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let nowhere = folder.path("nowhere.npy");
    symlink("none.npy", &nowhere).expect("a link");
    let (code, message) = fails(&["infer", &model(), "--input", &one, "--output", &nowhere]);
    assert_eq!(code, 3, "{message}");

    let pipe = folder.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo starts").success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read(pipe).expect("the pipe"))
    };
    infer(&pipe);
    assert_eq!(reader.join().expect("the reader"), expected);
    let names = fs::read_dir(&folder.0).expect("the folder");
    assert_eq!(names.count(), 6, "nothing but what was made here");
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_stays_a_device() {
    use std::os::unix::fs::FileTypeExt;
    let folder = Folder::new("devices");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let device = Path::new("/dev/full");
    let is_device = || fs::metadata(device).is_ok_and(|full| full.file_type().is_char_device());
    assert!(is_device());
    let (code, message) = fails(&["infer", &model(), "--input", &one, "--output", "/dev/full"]);
    assert_eq!(code, 3, "{message}");
    assert!(message.contains("writing /dev/full"), "{message}");
    assert!(is_device());
}

#[test]
fn infer_reads_no_more_than_the_header_stands_for() {
    let folder = Folder::new("long_inputs");
    let out = folder.path("out.npy");
    let mut long = npy("(1, 28, 28, 1)", &images(1));
    long.resize(1 << 20, 0);
    let file = folder.write("long.npy", &long);
    let (code, message) = fails(&["infer", &model(), "--input", &file, "--output", &out]);
    assert_eq!(code, 1, "{message}");
    assert!(message.contains("more bytes than the"), "{message}");
    // A terabyte without blocks: reading it whole would take all memory.
    let sparse = folder.path("sparse.npy");
    let file = fs::File::create(&sparse).expect("a file");
    if file.set_len(1 << 40).is_ok() {
        let (code, message) = fails(&["infer", &model(), "--input", &sparse, "--output", &out]);
        assert_eq!(code, 1, "{message}");
        assert!(message.contains("no .npy file at byte 0"), "{message}");
    }
}

#[test]
fn a_name_without_a_file_is_a_wrong_argument() {
    let folder = Folder::new("no_file");
    let one = folder.write("one.npy", &npy("(1, 28, 28, 1)", &images(1)));
    let out = folder.path("out.npy");
    for (input, output) in [("TosaInput_0=", out.as_str()), (&one, "TosaOutput_0=")] {
        let (code, message) = fails(&["infer", &model(), "--input", input, "--output", output]);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("a file's name is missing"), "{message}");
    }
}
