//! Started by an SDK like the real runtime; see the crate's README for its own options.

fn main() -> std::process::ExitCode {
    copilot_testkit::runtime::main()
}
