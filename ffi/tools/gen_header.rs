//! Writes `include/copilot.h`, or with `--check` says whether it is up to date.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let ffi = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = ffi.join("../include/copilot.h");
    let header = match generate(ffi) {
        Ok(header) => header,
        Err(error) => {
            eprintln!("gen-header: {error}");
            return ExitCode::FAILURE;
        }
    };
    if env::args().any(|arg| arg == "--check") {
        let present = fs::read_to_string(&path).unwrap_or_default();
        if present == header {
            return ExitCode::SUCCESS;
        }
        let line = present.lines().zip(header.lines()).take_while(|(a, b)| a == b).count() + 1;
        eprintln!(
            "include/copilot.h differs from the source at line {line}; run `make header` and commit it"
        );
        return ExitCode::FAILURE;
    }
    match fs::write(&path, header) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gen-header: {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// The header: what cbindgen finds in the crate, between the hand-written introduction and the inline helpers.
fn generate(ffi: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut config = cbindgen::Config::from_file(ffi.join("cbindgen.toml"))?;
    let version = env!("CARGO_PKG_VERSION");
    config.header = Some(fs::read_to_string(ffi.join("header/intro.h"))?);
    config.after_includes = Some(
        fs::read_to_string(ffi.join("header/macros.h"))?
            .replace("@MAJOR@", env!("CARGO_PKG_VERSION_MAJOR"))
            .replace("@MINOR@", env!("CARGO_PKG_VERSION_MINOR"))
            .replace("@PATCH@", env!("CARGO_PKG_VERSION_PATCH"))
            .replace("@VERSION@", version),
    );
    config.trailer = Some(fs::read_to_string(ffi.join("header/inline.h"))?);
    // Only this crate: its dependencies export nothing to C.
    let bindings =
        cbindgen::Builder::new().with_src(ffi.join("src/lib.rs")).with_config(config).generate()?;
    let mut out = Vec::new();
    bindings.write(&mut out);
    Ok(String::from_utf8(out)?)
}
