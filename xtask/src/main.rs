//! `cargo xtask gen [--check] --schemas RUNTIME=DIR … [--facts RUNTIME=FILE …] [--known RUNTIME=FILE …] [--out DIR] [--merged DIR]`: writes the protocol types of every language.
//!
//! `union` lays the schemas of several runtimes over each other, oldest first; `schema` and `reader` turn them into a `model`; one writer per
//! language turns the model into committed files.

#![expect(
    unreachable_pub,
    reason = "a program has no outside; `pub` marks what a module offers to its siblings"
)]

mod c;
mod go;
mod inventory;
mod java;
mod model;
mod names;
mod output;
mod python;
mod reader;
mod ruby;
mod rust;
mod schema;
mod tables;
mod ts;
mod union;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask gen [--check] --schemas RUNTIME=DIR … [--facts RUNTIME=FILE …] [--known RUNTIME=FILE …] [--out DIR] [--merged DIR]";

struct Options {
    check: bool,
    /// Oldest first.
    schemas: Vec<schema::Folder>,
    /// Newest first.
    facts: Vec<schema::Folder>,
    /// The methods that a runtime without schemas answers.
    known: Vec<schema::Folder>,
    root: PathBuf,
    /// Where the union of the schemas goes, if somebody wants it.
    merged: Option<PathBuf>,
}

/// The workspace.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        check: false,
        schemas: Vec::new(),
        facts: Vec::new(),
        known: Vec::new(),
        root: home().to_owned(),
        merged: None,
    };
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() != Some("gen") {
        return Err(USAGE.into());
    }
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--check" => options.check = true,
            "--schemas" | "--facts" | "--known" => {
                let source = args.next().ok_or(USAGE)?;
                let (runtime, path) = source.split_once('=').ok_or(USAGE)?;
                let source = schema::Folder { runtime: runtime.into(), path: path.into() };
                match arg.as_str() {
                    "--facts" => options.facts.push(source),
                    "--known" => options.known.push(source),
                    _ => options.schemas.push(source),
                }
            }
            "--merged" => options.merged = Some(args.next().ok_or(USAGE)?.into()),
            "--out" => options.root = args.next().ok_or(USAGE)?.into(),
            _ => return Err(USAGE.into()),
        }
    }
    if options.schemas.is_empty() {
        return Err(USAGE.into());
    }
    Ok(options)
}

fn run() -> Result<(), String> {
    let options = options()?;
    let schemas = schema::load_all(&options.schemas, &options.facts, &options.known)?;
    if let Some(folder) = &options.merged {
        return schemas.write(folder);
    }
    let model = schema::read(&schemas)?;
    let mut tree = output::Tree::default();
    python::write(&model, &mut tree);
    rust::write(&model, &mut tree);
    ts::write(&model, &mut tree);
    c::write(&model, &mut tree);
    go::write(&model, &mut tree);
    java::write(&model, home(), &mut tree)?;
    ruby::write(&model, home(), &mut tree)?;
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
