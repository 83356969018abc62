//! What the oldest supported runtime cannot do.

use copilot_core::Client;

/// Whether the runtime is at least this new. If not, says what is left out and why.
pub fn since(client: &Client, needed: [u32; 3], reason: &str) -> bool {
    let version = client.start_info().and_then(|info| info.version).unwrap_or_default();
    let numbers: Vec<u32> = version.split(['.', '-']).filter_map(|part| part.parse().ok()).collect();
    let enough = numbers >= needed.to_vec();
    if !enough {
        println!("left out on runtime {version:?}: {reason}");
    }
    enough
}
