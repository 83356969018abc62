//! The command line of copilot-native. A library, so that the packages of Python and Node bring it along.
//!
//! `chat` is a conversation in a terminal, `exec` one turn for scripts, `doctor` says what is installed and what is in the
//! way. With `--scripted` the model is a script on loopback: no account and no network is needed.

mod agent;
mod chat;
mod doctor;
mod doors;
mod exec;
mod input;
mod outcome;
mod show;
mod trace;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

/// Conversations with the Copilot agent, from a terminal or a script.
#[derive(Parser)]
#[command(name = "copilot-native", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Talks with the agent: shows answers as they come, tools and usage, and asks before the agent does something.
    Chat(chat::Chat),
    /// Does one turn and prints the answer. Exit codes: 0 answered, 2 wrong use, 3 the agent failed, 4 out of time,
    /// 5 no runtime, 6 the answer does not follow the schema, 7 the runtime died, 130 interrupted, 1 anything else.
    Exec(exec::Exec),
    /// Says which runtime is used and why, whether it works, who is logged in, and what each language has installed; what
    /// is wrong is told with its remedy. Ends with 1 when something is.
    Doctor(doctor::Doctor),
    /// Makes a page of a trace, the file that COPILOT_NATIVE_TRACE names while any program with this engine runs: every
    /// message with time, direction, session, size and latency, nested by turn, tool and question.
    Trace(trace::Trace),
}

/// Runs the command line that these arguments are (the first names the program), and returns the exit code. `brought` is the
/// runtime that came with the package: used when neither `--runtime` nor `COPILOT_CLI_PATH` names one.
pub fn run(arguments: impl IntoIterator<Item = OsString>, brought: Option<String>) -> i32 {
    let given = match Cli::try_parse_from(arguments) {
        Ok(given) => given,
        Err(error) => {
            // Help goes to standard output and is no mistake. Nobody reads it when that is closed.
            drop(error.print());
            return error.exit_code();
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
        match given.command {
            Command::Chat(chat) => chat.run(brought).await,
            Command::Exec(exec) => exec.run(brought).await,
            Command::Doctor(doctor) => doctor.run(brought).await,
            Command::Trace(trace) => trace.run(),
        }
    })
}
