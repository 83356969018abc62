//! Names of enums by their values, and what several names have in common.

use std::collections::BTreeMap;

use crate::names;

/// Enums of one value set, with the class name they share.
pub type Groups = BTreeMap<Vec<String>, String>;

/// Joins the common start and the common end (each longer than two characters) of the names, in snake case.
pub fn common_name(names: &[String]) -> Option<String> {
    let snakes: Vec<Vec<char>> = names.iter().map(|n| names::snake(n).chars().collect()).collect();
    let first = snakes.first()?;
    let shared = |from_end: bool| {
        let mut n = 0;
        while snakes.iter().all(|s| {
            n < s.len() && n < first.len() && {
                let at = |v: &Vec<char>| if from_end { v[v.len() - 1 - n] } else { v[n] };
                at(s) == at(first)
            }
        }) {
            n += 1;
        }
        n
    };
    let (start, end) = (shared(false), shared(true));
    let mut out = String::new();
    if start > 2 {
        out.extend(&first[..start]);
    }
    if end > 2 {
        out.push('_');
        out.extend(&first[first.len() - end..]);
    }
    (!out.is_empty()).then(|| names::acronym_style(&out))
}
