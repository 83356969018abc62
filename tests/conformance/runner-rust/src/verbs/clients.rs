//! Clients and processes.

use std::time::Duration;

use copilot_core::{AhpHostOptions, Error, ErrorKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Within, check, read};
use crate::canned::{CannedClient, ahp_host};
use crate::failure::{Failure, Outcome};
use crate::peers::ClientArgs;
use crate::world::World;

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Named {
    client: String,
}

impl Default for Named {
    fn default() -> Self {
        Self { client: "client".to_owned() }
    }
}

fn take_name(args: &mut Value, key: &str) -> String {
    let name = args.as_object_mut().and_then(|args| args.remove(key));
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_else(|| "client".to_owned())
}

pub(super) fn client(world: &World, mut args: Value) -> Outcome {
    let name = take_name(&mut args, "as");
    let canned = CannedClient::take(&mut args);
    world.make_client(&name, read::<ClientArgs>(args)?, canned).map(drop)
}

pub(super) async fn start(world: &World, mut args: Value) -> Outcome {
    let name = take_name(&mut args, "client");
    let canned = CannedClient::take(&mut args);
    world.make_client(&name, read::<ClientArgs>(args)?, canned)?.start().await?;
    Ok(())
}

/// The idiom of this surface is a report; the cases see its texts as one error.
pub(super) async fn stop(world: &World, args: Named) -> Outcome {
    let report = world.client(&args.client)?.stop().await;
    if report.errors.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::StopFailed, report.errors.join("; ")).into())
}

pub(super) async fn force_stop(world: &World, args: Named) -> Outcome {
    world.client(&args.client)?.force_stop().await;
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ping {
    #[serde(flatten)]
    client: Named,
    message: Option<String>,
    expect: Option<Value>,
}

pub(super) async fn ping(world: &World, args: Ping) -> Outcome<Value> {
    let invoke = Invoke {
        client: args.client,
        method: "ping".to_owned(),
        params: Some(json!({"message": args.message})),
        timeout_ms: None,
        expect: args.expect,
        store: None,
    };
    self::invoke(world, invoke).await
}

#[derive(Deserialize)]
pub(super) struct Invoke {
    #[serde(flatten)]
    client: Named,
    method: String,
    params: Option<Value>,
    timeout_ms: Option<u64>,
    expect: Option<Value>,
    #[serde(rename = "as")]
    store: Option<String>,
}

pub(super) async fn invoke(world: &World, args: Invoke) -> Outcome<Value> {
    let client = world.client(&args.client.client)?;
    let params = args.params.map_or_else(String::new, |params| params.to_string());
    let call = client.call(&args.method, &params);
    let answer = match args.timeout_ms.map(Duration::from_millis) {
        None => call.await?,
        // The call of this surface is a future: a limit is put around it.
        Some(limit) => tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, format!("no answer to {} within {limit:?}", args.method)))
        })?,
    };
    let answer: Value =
        serde_json::from_slice(&answer).map_err(|error| Failure::Unmet(format!("result: {error}")))?;
    check("the result", args.expect.as_ref(), &answer)?;
    world.store(args.store.as_deref(), answer.clone());
    Ok(answer)
}

#[derive(Deserialize)]
pub(super) struct ListModels {
    #[serde(flatten)]
    client: Named,
    expect: Option<Value>,
}

pub(super) async fn list_models(world: &World, args: ListModels) -> Outcome {
    let models = world.client(&args.client.client)?.list_models().await?;
    let models: Value =
        serde_json::to_value(models).map_err(|error| Failure::Unmet(format!("models: {error}")))?;
    check("the list", args.expect.as_ref(), &models)
}

#[derive(Deserialize)]
pub(super) struct Host {
    #[serde(flatten)]
    client: Named,
    options: AhpHostOptions,
    expect: Option<Value>,
    #[serde(rename = "as")]
    store: Option<String>,
}

pub(super) async fn host(world: &World, mut args: Host) -> Outcome {
    let handler = ahp_host(world.host(&args.client.client));
    args.options.authenticate = true;
    let host = world.client(&args.client.client)?.start_ahp_host(args.options, handler).await?;
    let started = json!({"hostId": host.host_id(), "url": host.url(), "token": host.token()});
    world.store(args.store.as_deref(), started.clone());
    check("the host", args.expect.as_ref(), &started)
}

fn process(world: &World) -> Outcome<rustix::process::Pid> {
    let pid = world.recording().pid().and_then(|pid| i32::try_from(pid).ok());
    pid.and_then(rustix::process::Pid::from_raw)
        .ok_or_else(|| Failure::Unmet("the recording names no process".to_owned()))
}

pub(super) fn kill_runtime(world: &World) -> Outcome {
    rustix::process::kill_process(process(world)?, rustix::process::Signal::KILL)
        .map_err(|error| Failure::Unmet(format!("kill: {error}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoProcess {
    #[serde(default)]
    within_ms: Within,
}

pub(super) async fn expect_no_process(world: &World, args: NoProcess) -> Outcome {
    let pid = process(world)?;
    args.within_ms
        .until(|| match rustix::process::test_kill_process(pid) {
            Err(_) => Ok(()),
            Ok(()) => Err(format!("process {} is still there", pid.as_raw_nonzero())),
        })
        .await
}
