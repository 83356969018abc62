//! `trace`: a page that shows what went over the wire.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::outcome::{ANSWERED, WRONG_USE};

/// The page, with a place for the lines of a trace.
const PAGE: &str = include_str!("trace.html");
const PLACE: &str = "<!-- lines -->";

/// What `trace` is told; help.txt says it to people.
pub(crate) struct Trace {
    /// The trace; - reads it from standard input.
    pub file: String,
    /// Where the page goes; without it beside the trace, with .html at the end.
    pub out: Option<PathBuf>,
}

/// What every line has.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "at")]
    _at: f64,
    #[serde(rename = "direction")]
    _direction: &'a str,
    #[serde(borrow, rename = "message")]
    _message: Option<&'a RawValue>,
}

impl Trace {
    pub(crate) fn run(self) -> i32 {
        match self.page() {
            Ok((out, messages)) => {
                println!("{}: {messages} messages", out.display());
                ANSWERED
            }
            Err(error) => {
                eprintln!("copilot-native: {error}");
                WRONG_USE
            }
        }
    }

    fn page(self) -> Result<(PathBuf, usize), String> {
        let told = |error: io::Error| format!("{}: {error}", self.file);
        let input: Box<dyn io::Read> = match &*self.file {
            "-" => Box::new(io::stdin()),
            file => Box::new(File::open(file).map_err(told)?),
        };
        let mut lines = String::new();
        let mut messages = 0;
        let mut input = BufReader::new(input);
        let mut line = String::new();
        while input.by_ref().read_line(&mut line).map_err(told)? > 0 {
            messages += 1;
            match serde_json::from_str::<Line<'_>>(&line) {
                Ok(_) => lines.push_str(&embedded(&line)),
                // The last line of a program that was killed while it wrote.
                Err(_) if !line.ends_with('\n') => messages -= 1,
                Err(error) => {
                    return Err(format!("{}:{messages}: this is no line of a trace: {error}", self.file));
                }
            }
            line.clear();
        }
        let out = self.out.unwrap_or_else(|| match &*self.file {
            "-" => PathBuf::from("trace.html"),
            file => PathBuf::from(format!("{file}.html")),
        });
        write(&out, &lines).map_err(|error| format!("{}: {error}", out.display()))?;
        Ok((out, messages))
    }
}

/// A line as it may stand in a page: nothing in it ends the element that it is in.
fn embedded(line: &str) -> String {
    line.replace('<', "\\u003c")
}

fn write(out: &PathBuf, lines: &str) -> io::Result<()> {
    let (before, after) = PAGE.split_once(PLACE).unwrap_or((PAGE, ""));
    let mut file = fs::File::create(out)?;
    for part in [before, lines, after] {
        file.write_all(part.as_bytes())?;
    }
    Ok(())
}
