//! Another static library in Rust, with a standard library of its own, in the same program.

/// Adds up the numbers to `n`, with an allocation for each.
#[unsafe(no_mangle)]
pub extern "C" fn other_sum(n: u32) -> u64 {
    (1..=u64::from(n)).map(|number| number.to_string().len() as u64).sum()
}
