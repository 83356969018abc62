//! The parity table: what every surface made of every case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

use crate::case::Case;
use crate::report::{Line, Status};
use crate::surfaces::Surfaces;

/// The results of all surfaces, and what is wrong with them.
#[derive(Debug)]
pub struct Parity {
    surfaces: BTreeSet<String>,
    /// By feature and surface.
    features: BTreeMap<String, BTreeMap<String, Count>>,
    /// By surface and reason.
    skips: BTreeMap<(String, String), Vec<String>>,
    problems: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    pass: usize,
    skip: usize,
    fail: usize,
}

impl Count {
    fn add(&mut self, status: Status) {
        match status {
            Status::Pass => self.pass += 1,
            Status::Skip => self.skip += 1,
            Status::Fail => self.fail += 1,
        }
    }
}

impl Parity {
    /// Reads every `*.jsonl` of a folder.
    ///
    /// # Errors
    /// When there is none, or a line is not a result.
    pub fn read(folder: &Path, cases: &[Case], surfaces: &Surfaces) -> Result<Self, String> {
        let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut lines = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                let wrong = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
                let text = fs::read_to_string(&path).map_err(|error| wrong(&error))?;
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    lines.push(serde_json::from_str::<Line>(line).map_err(|error| wrong(&error))?);
                }
            }
        }
        if lines.is_empty() {
            return Err(format!("{}: no results", folder.display()));
        }
        Ok(Self::of(&lines, cases, surfaces))
    }

    fn of(lines: &[Line], cases: &[Case], surfaces: &Surfaces) -> Self {
        let mut parity = Self {
            surfaces: lines.iter().map(|line| line.surface.clone()).collect(),
            features: BTreeMap::new(),
            skips: BTreeMap::new(),
            problems: Vec::new(),
        };
        // The last line of a case counts: a report may hold several runs.
        let results: BTreeMap<_, _> =
            lines.iter().map(|line| ((line.case.as_str(), line.surface.as_str()), line)).collect();
        for line in results.values() {
            let name = line.case.split('@').next().unwrap_or_default();
            let features = cases.iter().find(|case| case.name == name).map(|case| case.features.as_slice());
            parity.add(line, features, surfaces);
        }
        let names: BTreeSet<_> = results.keys().map(|(case, _)| *case).collect();
        for case in names {
            let missing = parity.surfaces.iter().filter(|s| !results.contains_key(&(case, s.as_str())));
            let missing: Vec<_> = missing.map(|surface| format!("{surface}: {case} was not run")).collect();
            parity.problems.extend(missing);
        }
        parity
    }

    fn add(&mut self, line: &Line, features: Option<&[String]>, surfaces: &Surfaces) {
        let Line { surface, case, status, reason } = line;
        let Some(features) = features else {
            return self.problems.push(format!("{surface}: there is no case {case}"));
        };
        for feature in features.iter().map(String::as_str).chain(["all cases"]) {
            let counts = self.features.entry(feature.to_owned()).or_default();
            counts.entry(surface.clone()).or_default().add(*status);
        }
        match status {
            Status::Pass => {
                if surfaces.reason(surface, features).is_some() {
                    self.problems.push(format!("{surface}: {case} passed, surfaces.json says it cannot"));
                }
            }
            Status::Fail => self.problems.push(format!("{surface}: {case} failed: {reason}")),
            Status::Skip => {
                if surfaces.reason(surface, features).is_none() {
                    self.problems
                        .push(format!("{surface}: {case} was skipped, surfaces.json does not say why"));
                }
                self.skips.entry((surface.clone(), reason.clone())).or_default().push(case.clone());
            }
        }
    }

    /// Whether nothing failed and nothing is missing without a reason.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Parity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18}", "pass/skip/fail")?;
        self.surfaces.iter().try_for_each(|surface| write!(f, "{surface:>12}"))?;
        f.write_char('\n')?;
        for (feature, counts) in &self.features {
            write!(f, "{feature:<18}")?;
            for surface in &self.surfaces {
                let Count { pass, skip, fail } = counts.get(surface).copied().unwrap_or_default();
                write!(f, "{:>12}", format!("{pass}/{skip}/{fail}"))?;
            }
            f.write_char('\n')?;
        }
        for ((surface, reason), cases) in &self.skips {
            writeln!(f, "\nskipped by {surface}: {reason}\n  {}", cases.join(", "))?;
        }
        for (index, problem) in self.problems.iter().enumerate() {
            writeln!(f, "{}{problem}", if index == 0 { "\nproblems:\n  " } else { "  " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parity(lines: &[(&str, &str, Status)]) -> Parity {
        let case = |name: &str| {
            let text = format!(
                r#"{{"name":"{name}","doc":"","features":["tools"],"runtime":["fake"],"levels":[],"steps":[]}}"#
            );
            serde_json::from_str::<Case>(&text).unwrap()
        };
        let surfaces = serde_json::from_str(r#"{"c":{"tools":"no tools yet"}}"#).unwrap();
        let lines: Vec<_> = lines
            .iter()
            .map(|(surface, case, status)| Line {
                surface: (*surface).to_owned(),
                case: (*case).to_owned(),
                status: *status,
                reason: "no tools yet".to_owned(),
            })
            .collect();
        Parity::of(&lines, &[case("a"), case("b")], &surfaces)
    }

    #[test]
    fn explained_skips_are_sound() {
        let parity = parity(&[("rust", "a", Status::Pass), ("c", "a", Status::Skip)]);
        assert!(parity.is_sound(), "{parity}");
        let text = parity.to_string();
        assert!(text.contains("skipped by c: no tools yet\n  a"), "{text}");
        assert!(text.contains("all cases                0/1/0       1/0/0"), "{text}");
    }

    #[test]
    fn failures_gaps_and_silent_skips_are_not() {
        assert!(!parity(&[("rust", "a", Status::Fail)]).is_sound());
        assert!(!parity(&[("rust", "a", Status::Skip)]).is_sound());
        assert!(!parity(&[("c", "a", Status::Pass)]).is_sound(), "the reason is out of date");
        assert!(!parity(&[("rust", "z", Status::Pass)]).is_sound());
        let gap =
            parity(&[("rust", "a", Status::Pass), ("rust", "b", Status::Pass), ("c", "a", Status::Skip)]);
        assert!(gap.to_string().contains("c: b was not run"));
    }
}
