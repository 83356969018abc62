//! Gives the shared library its name by major version and keeps every symbol but `copilot_*` out of its table.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let var = |name: &str| env::var(name).unwrap_or_default();
    let major = var("CARGO_PKG_VERSION_MAJOR");
    match var("CARGO_CFG_TARGET_OS").as_str() {
        "linux" | "android" | "freebsd" | "netbsd" | "openbsd" | "dragonfly" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libcopilot.so.{major}");
            // The engine's thread lives as long as the process: a plug-in that is unloaded must not take its code away.
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
            // Debuggers find the symbols that the package brings apart by this number. Not every linker makes one by itself.
            println!("cargo:rustc-cdylib-link-arg=-Wl,--build-id=sha1");
            // rustc exports exactly the `extern "C"` functions already; `make abi-check` proves it.
        }
        "macos" | "ios" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libcopilot.{major}.dylib");
        }
        _ => {}
    }
}
