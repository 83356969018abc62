//! Reads cases (`name` tab JSON text) and prints what each type makes of its text, one line per case.

mod registry;

use std::collections::HashMap;
use std::io::{BufRead, BufWriter, Write};

use generated_check::generated::surrogates;
use registry::TYPES;

fn main() -> std::io::Result<()> {
    let types: HashMap<_, _> = TYPES.iter().copied().collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let Some((name, text)) = line.split_once('\t') else { continue };
        let answer = match types.get(name) {
            None => "unknown type".to_owned(),
            Some(again) => match surrogates::parse(text.as_bytes()).and_then(again) {
                Ok(value) => surrogates::print(&value),
                Err(error) => format!("error: {error}"),
            },
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()
}
