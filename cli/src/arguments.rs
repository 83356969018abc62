//! What is typed behind `copilot-native`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::agent::Agent;
use crate::chat::Chat;
use crate::doctor::Doctor;
use crate::exec::Exec;
use crate::model::Model;
use crate::trace::Trace;

const HELP: &str = include_str!("help.txt");

/// What is to be done.
pub(crate) enum Command {
    Chat(Chat),
    Exec(Exec),
    Doctor(Doctor),
    Trace(Trace),
    Model(Model),
    /// A text to be printed.
    Say(String),
}

type Read<T> = Result<T, lexopt::Error>;

/// Reads the arguments; the first names the program.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Read<Command> {
    let mut parser = Parser::from_iter(arguments);
    match parser.next()? {
        Some(Arg::Value(command)) => match &*command.string()? {
            "chat" => chat(&mut parser),
            "exec" => exec(&mut parser),
            "doctor" => doctor(&mut parser),
            "trace" => trace(&mut parser),
            "model" => model(&mut parser),
            "help" => Ok(help()),
            other => Err(format!("there is no command {other}; copilot-native --help lists them").into()),
        },
        Some(Arg::Short('V') | Arg::Long("version")) => {
            Ok(Command::Say(format!("copilot-native {}\n", env!("CARGO_PKG_VERSION"))))
        }
        Some(Arg::Short('h') | Arg::Long("help")) => Ok(help()),
        Some(other) => Err(other.unexpected()),
        None => Err("no command is given; copilot-native --help lists them".into()),
    }
}

fn help() -> Command {
    Command::Say(HELP.to_owned())
}

/// Whether it is an option of whoever talks to an agent; then it is taken.
fn of_agent(agent: &mut Agent, option: &str, parser: &mut Parser) -> Read<bool> {
    let mut text = || parser.value()?.string();
    match option {
        "scripted" => {
            agent.scripted =
                Some(parser.optional_value().map_or_else(|| Ok(String::new()), OsString::string)?);
        }
        "model" => agent.model = Some(text()?),
        "provider" => agent.provider = Some(text()?),
        "runtime" => agent.runtime = Some(text()?),
        "cwd" => agent.cwd = Some(text()?),
        "resume" => agent.resume = Some(text()?),
        _ => return Ok(false),
    }
    for (other, is_given) in [("provider", agent.provider.is_some()), ("resume", agent.resume.is_some())] {
        if is_given && agent.scripted.is_some() {
            return Err(format!("--scripted and --{other} exclude each other").into());
        }
    }
    Ok(true)
}

/// Holds what belongs together.
fn checked(agent: &Agent) -> Read<()> {
    match (&agent.provider, &agent.model) {
        (Some(_), None) => Err("--provider needs --model: the name of a model that the server has".into()),
        _ => Ok(()),
    }
}

/// The next argument, on its own: an option by its long name, or a word.
enum Given {
    Option(String),
    Word(String),
}

fn next(parser: &mut Parser) -> Read<Option<Given>> {
    Ok(match parser.next()? {
        Some(Arg::Long(name)) => Some(Given::Option(name.to_owned())),
        Some(Arg::Short('h')) => Some(Given::Option("help".to_owned())),
        Some(Arg::Value(word)) => Some(Given::Word(word.string()?)),
        Some(other) => return Err(other.unexpected()),
        None => None,
    })
}

fn unknown(command: &str, option: &str) -> lexopt::Error {
    format!("{command} has no option --{option}").into()
}

fn more(word: &str) -> lexopt::Error {
    format!("unexpected argument \"{word}\"").into()
}

fn chat(parser: &mut Parser) -> Read<Command> {
    let mut chat = Chat::default();
    while let Some(given) = next(parser)? {
        match given {
            Given::Word(word) => chat.prompt.push(word),
            Given::Option(option) => match &*option {
                "help" => return Ok(help()),
                "allow-all" => chat.allow_all = true,
                option if of_agent(&mut chat.agent, option, parser)? => {}
                option => return Err(unknown("chat", option)),
            },
        }
    }
    checked(&chat.agent)?;
    Ok(Command::Chat(chat))
}

fn exec(parser: &mut Parser) -> Read<Command> {
    let mut exec = Exec::default();
    let mut prompt = None;
    while let Some(given) = next(parser)? {
        match given {
            Given::Word(word) if prompt.is_none() => prompt = Some(word),
            Given::Word(word) => return Err(more(&word)),
            Given::Option(option) => match &*option {
                "help" => return Ok(help()),
                "json" => exec.json = true,
                "schema" => exec.schema = Some(parser.value()?.string()?),
                "allow" => exec.allow.push(parser.value()?.string()?),
                "allow-all" => exec.allow_all = true,
                "timeout" => exec.timeout = Some(parser.value()?.parse_with(seconds)?),
                option if of_agent(&mut exec.agent, option, parser)? => {}
                option => return Err(unknown("exec", option)),
            },
        }
    }
    exec.prompt = prompt.ok_or("exec needs what to say; - reads it from standard input")?;
    checked(&exec.agent)?;
    Ok(Command::Exec(exec))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|error| format!("--timeout: {error}"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("--timeout: {error}"))
}

fn doctor(parser: &mut Parser) -> Read<Command> {
    let mut doctor = Doctor::default();
    while let Some(given) = next(parser)? {
        match given {
            Given::Word(word) => return Err(more(&word)),
            Given::Option(option) => match &*option {
                "help" => return Ok(help()),
                "runtime" => doctor.runtime = Some(parser.value()?.string()?),
                "json" => doctor.json = true,
                option => return Err(unknown("doctor", option)),
            },
        }
    }
    Ok(Command::Doctor(doctor))
}

fn trace(parser: &mut Parser) -> Read<Command> {
    let (mut file, mut out) = (None, None);
    while let Some(given) = next(parser)? {
        match given {
            Given::Word(word) if file.is_none() => file = Some(word),
            Given::Word(word) => return Err(more(&word)),
            Given::Option(option) => match &*option {
                "help" => return Ok(help()),
                "out" => out = Some(PathBuf::from(parser.value()?)),
                option => return Err(unknown("trace", option)),
            },
        }
    }
    let file = file.ok_or("trace needs the file that COPILOT_NATIVE_TRACE named; - reads standard input")?;
    Ok(Command::Trace(Trace { file, out }))
}

fn model(parser: &mut Parser) -> Read<Command> {
    let mut model = Model::default();
    while let Some(given) = next(parser)? {
        match given {
            Given::Word(word) => return Err(more(&word)),
            Given::Option(option) => match &*option {
                "help" => return Ok(help()),
                "script" => model.script = Some(parser.value()?.string()?),
                "script-json" => model.script_json = Some(parser.value()?.string()?),
                option => return Err(unknown("model", option)),
            },
        }
    }
    Ok(Command::Model(model))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(arguments: &[&str]) -> String {
        let given = ["copilot-native"].iter().chain(arguments).map(OsString::from);
        read(given).err().unwrap().to_string()
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(wrong(&[]), "no command is given; copilot-native --help lists them");
        assert_eq!(wrong(&["talk"]), "there is no command talk; copilot-native --help lists them");
        assert_eq!(wrong(&["chat", "--json"]), "chat has no option --json");
        assert_eq!(wrong(&["exec", "--json"]), "exec needs what to say; - reads it from standard input");
        assert_eq!(wrong(&["exec", "one", "two"]), "unexpected argument \"two\"");
        assert!(wrong(&["exec", "--model"]).contains("--model"));
        assert!(wrong(&["exec", "--timeout", "-1", "hello"]).contains("--timeout"));
        assert!(wrong(&["exec", "--provider", "http://127.0.0.1:1/v1", "hello"]).contains("needs --model"));
        let both = "--scripted and --resume exclude each other";
        assert_eq!(wrong(&["chat", "--resume", "1", "--scripted"]), both);
        assert_eq!(wrong(&["chat", "--scripted", "--resume", "1"]), both);
    }

    #[test]
    fn an_option_with_a_value_of_its_own_takes_no_word() {
        let given = ["copilot-native", "chat", "--scripted", "hello", "--scripted=file"].map(OsString::from);
        let Ok(Command::Chat(chat)) = read(given) else { panic!("no chat") };
        assert_eq!((chat.prompt, chat.agent.scripted.as_deref()), (vec!["hello".to_owned()], Some("file")));
    }

    #[test]
    fn help_names_every_option() {
        let source = include_str!("arguments.rs").split("#[cfg(test)]").next().unwrap();
        let options = source.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"));
        let names: Vec<_> = options.map(|(name, _)| name).collect();
        assert!(names.len() > 15 && names.contains(&"allow-all"), "{names:?}");
        for name in names {
            let option = if ["chat", "exec", "doctor", "trace", "model"].contains(&name) {
                name.to_owned()
            } else {
                format!("--{name}")
            };
            assert!(HELP.contains(&option), "{option}");
        }
    }
}
