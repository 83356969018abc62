//! What the Rust benchmark programs share: the plan they are given, clocks, and the report they print.
//!
//! `README.md` beside this crate describes plan and report; the C, Python and Node programs follow the same description.

pub mod engine;

use std::{
    borrow::Cow,
    fs,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;
use serde_json::{Map, Value};

/// How much of everything; read from the environment, as every program of the suite does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Path of the fake runtime.
    pub fake: String,
    /// Pings one at a time.
    pub pings: usize,
    /// Pings with [`FLIGHT`] in flight.
    pub flight: usize,
    /// Deltas of 64 bytes.
    pub flood: usize,
    /// Deltas of 4 KiB.
    pub flood_big: usize,
    /// Deltas at 1,000 per second.
    pub paced: usize,
    /// Tool calls.
    pub tools: usize,
    /// Sessions made one after the other.
    pub sessions: usize,
    /// Sessions that stream at the same time.
    pub streams: usize,
    /// Deltas of each of them.
    pub stream_events: usize,
    /// How long one measure may take.
    pub limit: Duration,
}

/// How many pings are kept open in the second ping measure.
pub const FLIGHT: usize = 64;

impl Plan {
    /// Reads the plan; a missing number is an error, so that all programs do the same work.
    ///
    /// # Panics
    /// When a variable is missing or no number: then the driver and the program are of different versions.
    #[must_use]
    pub fn from_env() -> Self {
        let text = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let number = |name: &str| text(name).parse::<usize>().unwrap_or_else(|e| panic!("{name}: {e}"));
        Self {
            fake: text("BENCH_FAKE"),
            pings: number("BENCH_PINGS"),
            flight: number("BENCH_FLIGHT"),
            flood: number("BENCH_FLOOD"),
            flood_big: number("BENCH_FLOOD_BIG"),
            paced: number("BENCH_PACED"),
            tools: number("BENCH_TOOLS"),
            sessions: number("BENCH_SESSIONS"),
            streams: number("BENCH_STREAMS"),
            stream_events: number("BENCH_STREAM_EVENTS"),
            limit: Duration::from_secs(number("BENCH_LIMIT") as u64),
        }
    }
}

/// Measures by name, printed as one line of JSON.
#[derive(Debug, Default)]
pub struct Report(Map<String, Value>);

impl Report {
    /// Notes a number.
    pub fn put(&mut self, name: &str, value: f64) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Notes median and 99th percentile of times in microseconds.
    pub fn put_times(&mut self, name: &str, mut micros: Vec<f64>) {
        if micros.is_empty() {
            return;
        }
        micros.sort_by(f64::total_cmp);
        let at = |part: f64| micros[((micros.len() - 1) as f64 * part).round() as usize];
        self.put(&format!("{name}_p50_us"), at(0.5));
        self.put(&format!("{name}_p99_us"), at(0.99));
    }

    /// Notes a burst that `meter` has watched.
    pub fn put_burst(&mut self, name: &str, meter: &Meter, wanted: usize, seen: usize) {
        let (seconds, cpu) = (meter.started.elapsed().as_secs_f64(), cpu_seconds() - meter.cpu);
        self.put(&format!("{name}_per_s"), seen as f64 / seconds);
        self.put(&format!("{name}_cpu_s"), cpu * 100_000.0 / seen.max(1) as f64);
        self.put(&format!("{name}_peak_mb"), (memory_kb("VmHWM:") - meter.memory) / 1024.0);
        self.put(&format!("{name}_lost"), wanted as f64 - seen as f64);
    }

    /// Prints the line.
    pub fn print(self) {
        println!("{}", Value::Object(self.0));
    }
}

/// Watches time, processor and peak memory of a measure.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    cpu: f64,
    memory: f64,
}

impl Meter {
    /// Starts; the peak of the resident memory is forgotten.
    #[must_use]
    pub fn start() -> Self {
        // Only Linux can do it; elsewhere the peak is that of the whole run.
        drop(fs::write("/proc/self/clear_refs", "5"));
        Self { started: Instant::now(), cpu: cpu_seconds(), memory: memory_kb("VmRSS:") }
    }
}

/// Processor time of this process.
#[cfg(unix)]
#[must_use]
pub fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Processor time of this process; unknown here.
#[cfg(not(unix))]
#[must_use]
pub fn cpu_seconds() -> f64 {
    0.0
}

/// A line of the process status: `VmRSS:` or `VmHWM:`.
#[must_use]
pub fn memory_kb(line: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status.lines().find_map(|text| text.strip_prefix(line));
    value.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0.0)
}

/// Microseconds since the epoch.
#[must_use]
pub fn unix_micros() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e6
}

/// Microseconds that passed.
#[must_use]
pub fn micros_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6
}

/// Payload of a delta, as far as the handlers of the suite read it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delta<'a> {
    /// The text.
    #[serde(borrow)]
    pub delta_content: Cow<'a, str>,
}

impl Delta<'_> {
    /// When a paced delta was written: its text begins with that time.
    #[must_use]
    pub fn written_micros(&self) -> Option<f64> {
        self.delta_content.get(..16)?.parse().ok()
    }
}

/// What a handler has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Deltas.
    pub deltas: usize,
    /// Length of their texts together.
    pub text: usize,
    /// Delivery times of paced deltas, when they are wanted.
    pub latencies: Option<Vec<f64>>,
}

impl Seen {
    /// A place that also keeps delivery times.
    #[must_use]
    pub fn timed() -> Self {
        Self { latencies: Some(Vec::new()), ..Self::default() }
    }

    /// Takes one delta.
    pub fn take(&mut self, delta: &Delta<'_>) {
        self.deltas += 1;
        self.text += delta.delta_content.len();
        if let (Some(latencies), Some(written)) = (&mut self.latencies, delta.written_micros()) {
            latencies.push(unix_micros() - written);
        }
    }
}
