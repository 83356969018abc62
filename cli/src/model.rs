//! `model`: the scripted model as a server, for tests of programs in any language.

use std::io::{self, Write as _};

use copilot_testkit::ScriptedModel;
use copilot_testkit::model::ModelScript;

use crate::outcome::{ANSWERED, WRONG_USE};

/// What `model` is told; help.txt says it to people.
#[derive(Default)]
pub(crate) struct Model {
    pub script: Option<String>,
    pub script_json: Option<String>,
}

impl Model {
    /// Serves until standard input ends, so that it ends with the test that started it.
    pub(crate) fn run(self) -> i32 {
        let (what, script) = match (self.script_json, self.script) {
            (Some(text), _) => ("--script-json".to_owned(), ModelScript::parse(&text)),
            (None, Some(file)) => (file.clone(), ModelScript::load(&file)),
            (None, None) => ("model".to_owned(), Ok(ModelScript::demo())),
        };
        let model = match script.and_then(ScriptedModel::start) {
            Ok(model) => model,
            Err(error) => {
                eprintln!("copilot-native: {what}: {error}");
                return WRONG_USE;
            }
        };
        let mut out = io::stdout();
        let told = writeln!(out, "listening on {}", model.base_url()).and_then(|()| out.flush());
        // Who started it is gone when nobody reads, or when reading ends, in whatever way.
        drop(told.and_then(|()| io::copy(&mut io::stdin().lock(), &mut io::sink())));
        ANSWERED
    }
}
