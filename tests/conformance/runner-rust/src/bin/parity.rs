//! `conformance-parity FOLDER`: compares the reports (`*.jsonl`) of all surfaces. Ends with 1 on a failure, an unexplained skip,
//! or a case that one surface ran and another did not.

use std::path::Path;
use std::process::ExitCode;

use copilot_conformance::parity::Parity;
use copilot_conformance::{Case, Surfaces, folder};

fn main() -> ExitCode {
    let Some(reports) = std::env::args().nth(1) else {
        eprintln!("usage: conformance-parity FOLDER");
        return ExitCode::from(2);
    };
    match read(Path::new(&reports)) {
        Ok(parity) => {
            print!("{parity}");
            ExitCode::from(u8::from(!parity.is_sound()))
        }
        Err(error) => {
            eprintln!("conformance-parity: {error}");
            ExitCode::from(2)
        }
    }
}

fn read(reports: &Path) -> Result<Parity, String> {
    let cases = Case::all(&folder().join("cases"))?;
    let surfaces = Surfaces::read(&folder().join("surfaces.json"))?;
    Parity::read(reports, &cases, &surfaces)
}
