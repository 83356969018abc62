//! Tells the linker of the machine in C, which fuzz/run.sh compiles.

fn main() {
    println!("cargo:rerun-if-env-changed=COPILOT_MACHINE");
    if let Ok(object) = std::env::var("COPILOT_MACHINE") {
        println!("cargo:rerun-if-changed={object}");
        println!("cargo:rustc-link-arg-bin=abi={object}");
    }
}
