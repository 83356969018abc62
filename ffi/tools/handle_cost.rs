//! Measures what checking a handle costs: `cargo run --release -p copilot-ffi --example handle_cost`.

use std::hint::black_box;
use std::time::Instant;

use copilot::measure::{free, look_up, new};

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
    let token = new();
    let empty = nanoseconds(|| {
        black_box(0);
    });
    let good = nanoseconds(|| {
        black_box(look_up(black_box(token)));
    });
    free(token);
    let pair = nanoseconds(|| free(black_box(new())));
    println!("checked call  {:6.1} ns (look-up, reference count, one flag behind a lock)", good - empty);
    println!("new and free  {:6.1} ns (two calls, one allocation)", pair - empty);
}
