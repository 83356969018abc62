//! The command line of copilot-native. A library, so that the packages of Python and Node bring it along.
//!
//! `chat` is a conversation in a terminal, `exec` one turn for scripts, `doctor` says what is installed and what is in the
//! way, `trace` shows what went over the wire, `model` serves a scripted model for tests. With `--scripted` the model is a script on loopback: no account and no network is needed.

mod agent;
mod arguments;
mod chat;
mod doctor;
mod doors;
mod exec;
mod input;
mod model;
mod outcome;
mod show;
mod trace;

use std::ffi::OsString;

use arguments::Command;

/// Runs the command line that these arguments are (the first names the program), and returns the exit code. `brought` is the
/// runtime that came with the package: used when neither `--runtime` nor `COPILOT_CLI_PATH` names one.
pub fn run(arguments: impl IntoIterator<Item = OsString>, brought: Option<String>) -> i32 {
    let command = match arguments::read(arguments) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("copilot-native: {error}");
            return outcome::WRONG_USE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("copilot-native: it cannot wait for anything: {error}");
            return 1;
        }
    };
    runtime.block_on(async {
        match command {
            Command::Chat(chat) => chat.run(brought).await,
            Command::Exec(exec) => exec.run(brought).await,
            Command::Doctor(doctor) => doctor.run(brought).await,
            Command::Trace(trace) => trace.run(),
            Command::Model(model) => model.run(),
            Command::Say(text) => outcome::said(&text),
        }
    })
}
