//! Session files with one owner at a time. All files of a session are one journal in the store; whoever opens the session
//! writes that it is the owner now, as the next record. Since the store refuses a record whose number is there, an owner
//! that was cut off (stopped, without network, with a wrong clock) cannot write after somebody took over, whatever it
//! believes. Times only decide how long others wait for an owner that says nothing.

mod lease;
mod log;
mod opening;
mod owner;
mod record;
mod store;
mod terms;

#[cfg(test)]
mod sim_tests;
#[cfg(all(test, feature = "stores"))]
mod stores_tests;

pub(crate) use lease::{Lease, Leases};
