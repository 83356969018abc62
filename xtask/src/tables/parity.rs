//! What each language lacks, from the tables and from what its conformance runner declares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::{callbacks, calls, options};

/// By language: what is left out, by feature, with the reason.
type Surfaces = BTreeMap<String, BTreeMap<String, String>>;

const LANGUAGES: &[(&str, &str)] = &[
    ("rust", "Rust"),
    ("c", "C"),
    ("cpp", "C++"),
    ("python", "Python"),
    ("node", "Node"),
    ("go", "Go"),
    ("java", "Java"),
    ("ruby", "Ruby"),
];

pub fn page(
    root: &Path,
    kinds: &[callbacks::Callback],
    calls: &[calls::Row],
    options: &options::Tables,
) -> Result<String, String> {
    let path = root.join("tests/conformance/surfaces.json");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let left_out: Surfaces = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut out = "## Callbacks\n\n| |".to_owned();
    for (_, title) in LANGUAGES {
        let _ = write!(out, " {title} |");
    }
    let _ = writeln!(out, "\n|---|{}", "---|".repeat(LANGUAGES.len()));
    for kind in kinds {
        let _ = write!(out, "| `{}` |", kind.name());
        for (language, _) in LANGUAGES {
            let why = left_out.get(*language).and_then(|features| features.get(&kind.feature()));
            let _ = write!(out, " {} |", why.map_or("yes", |why| why.as_str()));
        }
        out.push('\n');
    }
    out.push_str("\n## Calls\n\nC and C++ have all of `docs/calls.md`. Absent:\n\n");
    list(&mut out, calls::absent(calls));
    out.push_str("\n## Options\n\nC and C++ take all of `docs/options.md` as JSON. Absent:\n\n");
    list(&mut out, options::absent(options));
    Ok(out)
}

fn list(out: &mut String, lines: Vec<String>) {
    for line in &lines {
        let _ = writeln!(out, "* {line}");
    }
    if lines.is_empty() {
        out.push_str("nothing.\n");
    }
}
