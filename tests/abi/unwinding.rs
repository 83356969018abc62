//! A library that catches a panic of its own: whether unwinding works where another program than the system's linker made it.

/// The length of the panic's text; 0 when nothing was caught.
#[unsafe(no_mangle)]
pub extern "C" fn caught(number: u32) -> usize {
    let panic = std::panic::catch_unwind(|| inner(number)).err();
    panic.and_then(|panic| panic.downcast_ref::<String>().map(String::len)).unwrap_or(0)
}

#[inline(never)]
fn inner(number: u32) {
    let kept = vec![number; 4];
    assert!(kept[0] == 0, "number {}", kept[0]);
}
