//! One test per case. `CONFORMANCE_RUNTIME` = `fake`, `real` or `all` (default) and `CONFORMANCE_LEVEL` = `smoke`, `full`,
//! `stress` or `all` (default) choose; arguments filter by name as with any other test.

use std::process::ExitCode;
use std::sync::Arc;

use copilot_conformance::{Case, Peer, Report, SURFACE, Status, Surfaces, folder, run};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let trials = trials().unwrap_or_else(|error| {
        let broken = move || Err(error.into());
        vec![Trial::test("the-cases-are-readable", broken)]
    });
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trials() -> Result<Vec<Trial>, String> {
    let (level, peers) = (chosen("CONFORMANCE_LEVEL"), chosen("CONFORMANCE_RUNTIME"));
    let surfaces = Surfaces::read(&folder().join("surfaces.json"))?;
    let report = Arc::new(Report::from_env().map_err(|error| format!("CONFORMANCE_REPORT: {error}"))?);
    let mut trials = Vec::new();
    for case in Case::all(&folder().join("cases"))? {
        if level != "all" && !case.levels.contains(&level) {
            continue;
        }
        let case = Arc::new(case);
        for &peer in &case.runtime {
            let wanted = match peer {
                Peer::Fake => peers != "real",
                Peer::Real => peers != "fake",
            };
            if wanted {
                let missing = surfaces.reason(SURFACE, &case.features).map(str::to_owned);
                trials.push(trial(&case, peer, missing, &report));
            }
        }
    }
    Ok(trials)
}

fn chosen(name: &str) -> String {
    std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| "all".to_owned())
}

fn trial(case: &Arc<Case>, peer: Peer, missing: Option<String>, report: &Arc<Report>) -> Trial {
    let title = case.title(peer);
    if let Some(reason) = missing {
        report.add(&title, Status::Skip, &reason);
        return Trial::test(title, || Ok(())).with_ignored_flag(true);
    }
    let (case, report, name) = (Arc::clone(case), Arc::clone(report), title.clone());
    Trial::test(title, move || {
        let outcome = run(&case, peer);
        match &outcome {
            Ok(()) => report.add(&name, Status::Pass, ""),
            Err(wrong) => report.add(&name, Status::Fail, wrong),
        }
        outcome.map_err(|wrong| format!("{}\n{wrong}", case.doc).into())
    })
}
