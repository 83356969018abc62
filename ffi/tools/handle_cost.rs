//! Measures what checking a handle costs: `cargo run --release -p copilot-ffi --example handle_cost`.

use std::hint::black_box;
use std::time::Instant;

use copilot::measure::{copilot_cancel_token_free, copilot_cancel_token_is_cancelled, copilot_cancel_token_new};

const ROUNDS: u32 = 5_000_000;

fn nanoseconds(mut body: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            body();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS));
    }
    best
}

fn main() {
    let mut token = std::ptr::null_mut();
    // SAFETY: the place is a local variable.
    unsafe { copilot_cancel_token_new(&raw mut token) };
    let empty = nanoseconds(|| drop(black_box(0)));
    let good = nanoseconds(|| drop(black_box(copilot_cancel_token_is_cancelled(black_box(token)))));
    copilot_cancel_token_free(token);
    let pair = nanoseconds(|| {
        let mut token = std::ptr::null_mut();
        // SAFETY: the place is a local variable.
        unsafe { copilot_cancel_token_new(&raw mut token) };
        copilot_cancel_token_free(black_box(token));
    });
    println!("checked call     {:6.1} ns (look-up, reference count, one flag behind a lock)", good - empty);
    println!("new and free     {:6.1} ns (two calls, one allocation)", pair - empty);
}
