//! The program: opens the connections, reads frames and sends each to the one that answers it.

use std::{
    fs::File,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    process::{self, ExitCode},
    sync::Arc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    actions::Context, adversary::Adversary, builtin, conn::Conn, control, control::Roundtrips,
    options::Options, record::Recorder, state::State,
};
use crate::wire::FrameBuffer;

pub(super) fn main() -> ExitCode {
    match Options::read().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copilot-fake-runtime: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: Options) -> io::Result<()> {
    let recorder = Arc::new(Recorder::new(options.record.as_deref(), !options.forgets)?);
    let script = options.script;
    let adversary = options.adversary.map(|seed| Arc::new(Adversary::new(seed)));
    let state = Arc::new(State::new(recorder, options.token, script.rules, script.on_connect, adversary));
    if !options.detached {
        watch_parent();
    }
    if let Some(adversary) = &state.adversary {
        adversary.start();
    }
    let stdio = if options.stdio { Some(stdio_conn(&state)?) } else { None };
    Context::unprompted(&state, stdio.as_ref()).run(&script.on_start);
    if let Some(code) = script.exit_at_start {
        process::exit(code);
    }
    match stdio {
        Some(conn) => serve_conn(&state, &conn, &mut io::stdin().lock()),
        None => serve_tcp(&state, options.port, script.announce.unwrap_or(true)),
    }
}

/// Ends the process when the one that started it is gone: a runtime without standard input would not notice.
#[cfg(unix)]
fn watch_parent() {
    let parent = std::os::unix::process::parent_id();
    thread::spawn(move || {
        while std::os::unix::process::parent_id() == parent {
            thread::sleep(Duration::from_millis(250));
        }
        process::exit(0);
    });
}

#[cfg(not(unix))]
fn watch_parent() {}

/// The standard handle buffers by line, which would cut frames into pieces; the descriptor below it does not.
#[cfg(unix)]
fn unbuffered_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn unbuffered_stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

fn stdio_conn(state: &State) -> io::Result<Arc<Conn>> {
    let (recorder, adversary) = (Arc::clone(&state.recorder), state.adversary.clone());
    Ok(Conn::new(1, recorder, Box::new(unbuffered_stdout()?), Box::new(close_stdio), adversary))
}

/// Lets go of standard output, so that the SDK reads its end although the process lives; or of standard input, so that it
/// cannot write.
fn close_stdio(half: Shutdown) {
    #[cfg(unix)]
    if let Ok(null) = File::options().read(true).write(true).open("/dev/null") {
        let _ = if half == Shutdown::Read {
            rustix::stdio::dup2_stdin(null)
        } else {
            rustix::stdio::dup2_stdout(null)
        };
    }
}

fn serve_tcp(state: &Arc<State>, port: u16, announce: bool) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    if announce {
        let mut out = io::stdout();
        writeln!(out, "CLI server listening on port {}", listener.local_addr()?.port())?;
        out.flush()?;
    }
    for (id, stream) in (1..).zip(listener.incoming()) {
        let (stream, state) = (stream?, Arc::clone(state));
        thread::spawn(move || {
            if let Err(error) = serve_stream(&state, id, stream) {
                state.recorder.note(id, &format!("connection ended: {error}"));
            }
        });
    }
    Ok(())
}

fn serve_stream(state: &Arc<State>, id: u64, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (sink, closer) = (stream.try_clone()?, stream.try_clone()?);
    let close = move |half| drop(closer.shutdown(half));
    let (recorder, adversary) = (Arc::clone(&state.recorder), state.adversary.clone());
    let conn = Conn::new(id, recorder, Box::new(sink), Box::new(close), adversary);
    serve_conn(state, &conn, &mut stream)
}

/// Reads until the other side is done.
fn serve_conn(state: &Arc<State>, conn: &Arc<Conn>, input: &mut dyn Read) -> io::Result<()> {
    Conn::collect_on_this_thread();
    if !state.on_connect.is_empty() {
        Context::unprompted(state, Some(conn)).start(state.on_connect.clone());
    }
    let mut frames = FrameBuffer::default();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        conn.flush();
        let received = input.read(&mut bytes)?;
        if received == 0 {
            if conn.is_deaf() {
                park();
            }
            state.recorder.note(conn.id, "end of input");
            return Ok(());
        }
        frames.extend(&bytes[..received]);
        while let Some(body) = frames.next_body().inspect_err(|e| state.recorder.failure(e.to_string()))? {
            if conn.is_hung() {
                park();
            }
            match serde_json::from_slice(body) {
                Ok(frame) => handle(state, conn, frame),
                Err(error) => {
                    state.recorder.failure(format!("not JSON: {error}: {}", String::from_utf8_lossy(body)))
                }
            }
        }
    }
}

fn park() {
    loop {
        thread::park();
    }
}

fn handle(state: &Arc<State>, conn: &Arc<Conn>, mut frame: Value) {
    let Some(method) = frame["method"].as_str().map(str::to_owned) else {
        state.recorder.incoming(conn.id, &frame);
        return conn.answered(frame);
    };
    let (id, none) = (frame.get("id").cloned(), json!({}));
    let params = frame.get("params").unwrap_or(&none);
    if method == "session.tools.handlePendingToolCall" && Roundtrips::answered(state, params) {
        // The calls of a benchmark are not kept: they would be counted in millions.
        return id.iter().for_each(|id| conn.reply(id, Ok(json!({"success": true}))));
    }
    if let Some(adversary) = &state.adversary
        && !adversary.received(conn, params)
    {
        return;
    }
    let actions = state.rule_for(&method, params);
    state.recorder.incoming(conn.id, &frame);
    let params = frame.get_mut("params").map_or(none, Value::take);
    if let Some(actions) = actions {
        return Context::of_message(state, conn, id, &method, params).start(actions);
    }
    let Some(id) = id else { return };
    if method.starts_with("fake.") {
        return control::handle(state, conn, id, &method, &params);
    }
    let answer = builtin::answer(state, conn, &method, &params);
    conn.reply(&id, answer.clone());
    builtin::follow_up(state, conn, &method, &params, &answer);
}
