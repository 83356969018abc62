//! Serves a scripted model until standard input ends, so that it dies with the test that started it.

use std::{env, io, process::ExitCode, thread};

use copilot_testkit::{ScriptedModel, model::ModelScript};

const USAGE: &str = "usage: copilot-scripted-model [--script FILE | --script-json TEXT] [--detached]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copilot-scripted-model: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let (mut script, mut detached) = (ModelScript::demo(), false);
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| io::Error::other(USAGE));
        match arg.as_str() {
            "--script" => script = ModelScript::load(value()?)?,
            "--script-json" => script = ModelScript::parse(&value()?)?,
            "--detached" => detached = true,
            _ => return Err(io::Error::other(USAGE)),
        }
    }
    let model = ScriptedModel::start(script)?;
    println!("listening on {}", model.base_url());
    if detached {
        loop {
            thread::park();
        }
    }
    io::copy(&mut io::stdin().lock(), &mut io::sink()).map(drop)
}
