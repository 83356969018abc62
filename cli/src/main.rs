//! `copilot-native`: see [`copilot_native_cli`].

fn main() {
    std::process::exit(copilot_native_cli::run(std::env::args_os(), None));
}
