//! `cargo xtask gen [--check] [--schemas DIR] [--out DIR]`: writes the protocol types of every language.
//!
//! `schema` and `reader` turn the two schema files of the runtime package into a `model`; one writer per
//! language turns the model into committed files.

#![expect(
    unreachable_pub,
    reason = "a program has no outside; `pub` marks what a module offers to its siblings"
)]

mod c;
mod inventory;
mod model;
mod names;
mod output;
mod python;
mod reader;
mod rust;
mod schema;
mod tables;
mod ts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask gen [--check] [--schemas DIR] [--out DIR]";

struct Options {
    check: bool,
    schemas: PathBuf,
    root: PathBuf,
}

fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let arch = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
    format!("{os}-{arch}")
}

/// The workspace.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn options() -> Result<Options, String> {
    let root = home().to_owned();
    let package = format!(".tools/runtime/node_modules/@github/copilot-sdk-{}/schemas", platform());
    let schemas = std::env::var_os("COPILOT_SCHEMAS").map_or_else(|| root.join(package), PathBuf::from);
    let mut options = Options { check: false, schemas, root };
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some("gen") {
        return Err(USAGE.into());
    }
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--check" => options.check = true,
            "--schemas" => options.schemas = args.next().ok_or(USAGE)?.into(),
            "--out" => options.root = args.next().ok_or(USAGE)?.into(),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}

fn run() -> Result<(), String> {
    let options = options()?;
    let model = schema::read(&options.schemas)?;
    let mut tree = output::Tree::default();
    python::write(&model, &mut tree);
    rust::write(&model, &mut tree);
    ts::write(&model, &mut tree);
    c::write(&model, &mut tree);
    inventory::write(&model, &mut tree);
    tables::write(home(), &mut tree)?;
    tree.place_parts(&options.root)?;
    tree.format_rust(home())?;
    if !options.check {
        tree.write(&options.root)?;
        println!("{}", tree.summary());
        return Ok(());
    }
    let differences = tree.differences(&options.root);
    if differences.is_empty() {
        return Ok(());
    }
    Err(format!("generated files are not up to date; run `make gen`\n{}", differences.join("\n")))
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
