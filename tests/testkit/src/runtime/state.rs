//! Everything the connections of one process share.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::{
    adversary::Adversary,
    control::Roundtrips,
    record::Recorder,
    script::{Action, Rule},
    session::Session,
};
use crate::matching::matches;

/// The state of the process.
#[derive(Debug)]
pub(super) struct State {
    pub(super) recorder: Arc<Recorder>,
    pub(super) token: Option<String>,
    pub(super) adversary: Option<Arc<Adversary>>,
    pub(super) on_connect: Vec<Action>,
    /// Tool calls of running benchmarks, by request id.
    pub(super) roundtrips: Mutex<HashMap<String, Arc<Roundtrips>>>,
    rules: Mutex<Vec<CountedRule>>,
    sessions: Mutex<Sessions>,
}

#[derive(Debug)]
struct CountedRule {
    rule: Rule,
    seen: u64,
}

#[derive(Debug, Default)]
struct Sessions {
    by_id: HashMap<String, Arc<Mutex<Session>>>,
    order: Vec<String>,
}

/// Locks a mutex whatever happened to its other users.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    pub(super) fn new(
        recorder: Arc<Recorder>,
        token: Option<String>,
        rules: Vec<Rule>,
        on_connect: Vec<Action>,
        adversary: Option<Arc<Adversary>>,
    ) -> Self {
        let rules = rules.into_iter().map(|rule| CountedRule { rule, seen: 0 }).collect();
        Self {
            recorder,
            token,
            adversary,
            on_connect,
            roundtrips: Mutex::default(),
            rules: Mutex::new(rules),
            sessions: Mutex::default(),
        }
    }

    /// The actions of the first rule that fits.
    pub(super) fn rule_for(&self, method: &str, params: &Value) -> Option<Vec<Action>> {
        lock(&self.rules).iter_mut().find_map(|counted| {
            let on = &counted.rule.on;
            let fits = (on.method == "*" || on.method == method)
                && on.params.as_ref().is_none_or(|pattern| matches(pattern, params));
            if !fits {
                return None;
            }
            counted.seen += 1;
            on.nth.is_none_or(|nth| nth == counted.seen).then(|| counted.rule.actions.clone())
        })
    }

    pub(super) fn set_rules(&self, rules: Vec<Rule>) {
        *lock(&self.rules) = rules.into_iter().map(|rule| CountedRule { rule, seen: 0 }).collect();
    }

    pub(super) fn session(&self, id: &str) -> Option<Arc<Mutex<Session>>> {
        lock(&self.sessions).by_id.get(id).cloned()
    }

    pub(super) fn session_or_new(&self, id: &str) -> Arc<Mutex<Session>> {
        let mut sessions = lock(&self.sessions);
        if let Some(known) = sessions.by_id.get(id) {
            return Arc::clone(known);
        }
        let session = Arc::new(Mutex::new(Session::new(id)));
        sessions.by_id.insert(id.to_owned(), Arc::clone(&session));
        sessions.order.push(id.to_owned());
        session
    }

    pub(super) fn delete_session(&self, id: &str) -> bool {
        let mut sessions = lock(&self.sessions);
        sessions.order.retain(|known| known != id);
        sessions.by_id.remove(id).is_some()
    }

    /// All sessions, oldest first.
    pub(super) fn sessions(&self) -> Vec<Arc<Mutex<Session>>> {
        let sessions = lock(&self.sessions);
        sessions.order.iter().filter_map(|id| sessions.by_id.get(id).cloned()).collect()
    }
}
