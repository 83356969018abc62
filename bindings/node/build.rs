//! Link flags of a Node addon: symbols of the host are resolved when it is loaded.

fn main() {
    napi_build::setup();
}
