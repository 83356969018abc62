//! Owners, stores and clocks that go wrong, by seeds: there are never two writers, and what was acknowledged is there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::{Instant, sleep, sleep_until};

use super::opening::open;
use super::owner::OwnedFiles;
use super::store::Store;
use super::terms::Terms;
use crate::files::SessionFiles as _;
use crate::files::objects::{Fault, Objects};

const TTL: Duration = Duration::from_secs(3);

/// Numbers that follow from a seed.
struct Dice(Mutex<u64>);

impl Dice {
    fn roll(&self, below: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 11) % below
    }

    fn time(&self, longest: Duration) -> Duration {
        Duration::from_millis(self.roll(u64::try_from(longest.as_millis()).unwrap()))
    }
}

type Map = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

#[derive(Clone)]
enum Work {
    Create(String, Vec<u8>),
    Put(String, Vec<u8>),
    Delete(Vec<String>),
}

impl Work {
    fn run(self, map: &Map) -> bool {
        let mut map = map.lock().unwrap();
        match self {
            Self::Create(name, _) if map.contains_key(&name) => return false,
            Self::Create(name, content) | Self::Put(name, content) => drop(map.insert(name, content)),
            Self::Delete(names) => map.retain(|name, _| !names.contains(name)),
        }
        true
    }
}

/// One owner's way to the store.
struct Way {
    map: Map,
    dice: Arc<Dice>,
    stopped_until: Mutex<Instant>,
    is_good: bool,
}

impl Way {
    /// The machine stands still, as by SIGSTOP.
    async fn gate(&self) {
        let until = *self.stopped_until.lock().unwrap();
        sleep_until(until).await;
    }

    async fn travel(&self) {
        if !self.is_good {
            self.gate().await;
            sleep(self.dice.time(Duration::from_millis(40))).await;
            self.gate().await;
        }
    }

    async fn work(&self, work: Work) -> Result<bool, Fault> {
        self.travel().await;
        let lost = || Err(Fault { is_temporary: true, message: "lost".into() });
        match if self.is_good { 99 } else { self.dice.roll(24) } {
            0 => return lost(),
            1 => {
                work.run(&self.map);
                return lost();
            }
            2 => {
                let (map, late) = (Arc::clone(&self.map), self.dice.time(TTL * 4));
                tokio::spawn(async move {
                    sleep(late).await;
                    work.run(&map);
                });
                return lost();
            }
            _ => {}
        }
        let done = work.run(&self.map);
        self.travel().await;
        Ok(done)
    }

    async fn look<T>(&self, look: impl FnOnce(&BTreeMap<String, Vec<u8>>) -> T) -> Result<T, Fault> {
        self.travel().await;
        if !self.is_good && self.dice.roll(24) == 0 {
            return Err(Fault { is_temporary: true, message: "lost".into() });
        }
        let seen = look(&self.map.lock().unwrap());
        self.travel().await;
        Ok(seen)
    }
}

#[async_trait]
impl Objects for Way {
    fn kind(&self) -> &str {
        "simulated"
    }
    async fn create(&self, name: &str, content: &[u8]) -> Result<bool, Fault> {
        self.work(Work::Create(name.to_owned(), content.to_owned())).await
    }
    async fn put(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        self.work(Work::Put(name.to_owned(), content.to_owned())).await.map(drop)
    }
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.look(|map| map.get(name).cloned()).await
    }
    async fn list(&self, directory: &str) -> Result<Vec<String>, Fault> {
        let inside = format!("{directory}/");
        self.look(|map| map.keys().filter_map(|name| name.strip_prefix(&inside)).map(str::to_owned).collect())
            .await
    }
    async fn delete(&self, names: &[String]) -> Result<(), Fault> {
        self.work(Work::Delete(names.to_owned())).await.map(drop)
    }
}

fn terms(way: Arc<Way>, owner: &str, skew_ms: i64) -> Terms {
    let started = Instant::now();
    let clock = move || {
        let at = i64::try_from(started.elapsed().as_millis()).unwrap() + 1_000_000_000_000 + skew_ms;
        SystemTime::UNIX_EPOCH + Duration::from_millis(at.try_into().unwrap())
    };
    Terms {
        store: Store::new(way, TTL),
        owner: owner.into(),
        ttl: TTL,
        wait: TTL * 3,
        clock: Arc::new(clock),
    }
}

/// Opens, adds lines and leaves, or is cut off, some times. Returns the lines that were acknowledged.
async fn owner(name: usize, map: Map, dice: Arc<Dice>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let skew = i64::try_from(dice.roll(4 * 3000)).unwrap() - 2 * 3000;
    for round in 0..6 {
        let way = Arc::new(Way {
            map: Arc::clone(&map),
            dice: Arc::clone(&dice),
            stopped_until: Mutex::new(Instant::now()),
            is_good: false,
        });
        sleep(dice.time(TTL)).await;
        let terms = terms(Arc::clone(&way), &name.to_string(), skew);
        let Ok(opened) = open("s", &terms).await else { continue };
        let epoch = opened.head.epoch;
        let files = OwnedFiles::start(opened, terms);
        for line in 0..dice.roll(60) {
            if dice.roll(20) == 0 {
                *way.stopped_until.lock().unwrap() = Instant::now() + dice.time(TTL * 4);
            }
            let line = format!("{epoch:04} {name}.{round}.{line}\n");
            let large = "x".repeat(if dice.roll(9) == 0 { 300_000 } else { 0 });
            if !large.is_empty() && files.write_file("/large", &large).await.is_err() {
                break;
            }
            match files.append_file("/log", &line).await {
                Ok(()) => acknowledged.push(line),
                Err(_) => break,
            }
        }
        if dice.roll(3) == 0 {
            // Killed: nothing of it reaches the store any more.
            *way.stopped_until.lock().unwrap() = Instant::now() + Duration::from_secs(1 << 30);
        } else {
            files.close().await;
        }
    }
    acknowledged
}

async fn run(seed: u64) {
    let map = Map::default();
    let dice = Arc::new(Dice(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)));
    let owners: Vec<_> =
        (0..4).map(|name| tokio::spawn(owner(name, Arc::clone(&map), Arc::clone(&dice)))).collect();
    let mut acknowledged = Vec::new();
    for owner in owners {
        acknowledged.push(owner.await.unwrap());
    }
    let way = Way { map, dice, stopped_until: Mutex::new(Instant::now()), is_good: true };
    let terms = terms(Arc::new(way), "reader", 1_000_000);
    let log = open("s", &terms).await.unwrap_or_else(|error| panic!("seed {seed}: {error}")).tree;
    let log = String::from_utf8(log.read("/log").map(<[u8]>::to_vec).unwrap_or_default()).unwrap();
    let lines: Vec<_> = log.split_inclusive('\n').collect();
    let places: BTreeMap<_, _> = lines.iter().enumerate().map(|(at, line)| (*line, at)).collect();
    assert_eq!(places.len(), lines.len(), "seed {seed}: a line is there twice");
    assert!(lines.is_sorted_by_key(|line| &line[..4]), "seed {seed}: two writers at once");
    for lines in acknowledged {
        let at: Vec<_> = lines.iter().map(|line| places.get(line.as_str())).collect();
        assert!(at.iter().all(Option::is_some), "seed {seed}: an acknowledged line is lost");
        assert!(at.is_sorted(), "seed {seed}: lines changed places");
    }
}

#[test]
fn there_are_never_two_writers_and_nothing_acknowledged_is_lost() {
    let given = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (first, count) = (given("COPILOT_SIM_SEED").unwrap_or(1), given("COPILOT_SIM_SEEDS").unwrap_or(40));
    for seed in first..first + count {
        let engine =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        engine.block_on(run(seed));
    }
}
