// Every measure through the Node door, with nothing but what the official package has too: it runs with either.
// BENCH_NODE_PACKAGE is the folder of the package.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const FLIGHT = 64;
const number = (name) => Number(process.env[`BENCH_${name}`]);
const LIMIT = number("LIMIT") * 1000;
const report = {};
const ms = () => performance.now();

function statusKb(line) {
  try {
    return Number(new RegExp(`^${line}\\s+(\\d+)`, "m").exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return NaN;
  }
}

async function load() {
  const folder = process.env.BENCH_NODE_PACKAGE;
  const entry = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).exports["."].import;
  const url = pathToFileURL(join(folder, entry.default ?? entry)).href;
  const memory = statusKb("VmRSS:");
  const start = ms();
  const loaded = await import(url);
  report.import_ms = ms() - start;
  report.import_mb = (statusKb("VmRSS:") - memory) / 1024;
  return loaded;
}

const { CopilotClient, RuntimeConnection, approveAll } = await load();

function putTimes(name, micros) {
  micros.sort((a, b) => a - b);
  for (const [label, part] of [["p50", 0.5], ["p99", 0.99]]) {
    if (micros.length > 0) report[`${name}_${label}_us`] = micros[Math.round((micros.length - 1) * part)];
  }
}

class Meter {
  constructor() {
    try {
      writeFileSync("/proc/self/clear_refs", "5");
    } catch {
      // Only Linux can do it; elsewhere the peak is that of the whole run.
    }
    this.memory = statusKb("VmRSS:");
    this.started = ms();
    this.cpu = process.cpuUsage();
  }

  put(name, wanted, seen) {
    const seconds = (ms() - this.started) / 1000;
    const { user, system } = process.cpuUsage(this.cpu);
    report[`${name}_per_s`] = seen / seconds;
    report[`${name}_cpu_s`] = (((user + system) / 1e6) * 100_000) / Math.max(seen, 1);
    report[`${name}_peak_mb`] = (statusKb("VmHWM:") - this.memory) / 1024;
    report[`${name}_lost`] = wanted - seen;
  }
}

/** Epoch minus this process's clock, in ms. `performance.timeOrigin` does not know how the system's clock was set since the start. */
function origin() {
  const before = Date.now();
  let tick = before;
  while (tick === before) tick = Date.now();
  return tick - ms();
}

/** What a handler has seen. */
class Seen {
  deltas = 0;
  text = 0;
  /** Length of the first text: all are equal. */
  first = 0;
  fields = 0;
  latencies = [];
  origin = origin();
  done = new Promise((resolve) => {
    this.finish = resolve;
  });

  take = (event) => {
    if (event.type === "assistant.message_delta") {
      this.deltas += 1;
      this.text += event.data.deltaContent.length;
      if (this.first === 0) this.first = this.text;
    } else if (event.type === "session.idle") {
      this.finish();
    }
  };

  /** Reads all that an event has: the sum keeps the reads from being left out. */
  takeAll = (event) => {
    const { id, timestamp, parentId, ephemeral, agentId } = event;
    this.fields += id.length + timestamp.length + (parentId?.length ?? 0) + (ephemeral ? 1 : 0) + (agentId?.length ?? 0);
    this.take(event);
  };

  takeTimed = (event) => {
    if (event.type === "assistant.message_delta") {
      const now = (this.origin + ms()) * 1000;
      this.latencies.push(now - Number(event.data.deltaContent.slice(0, 16)));
    }
    this.take(event);
  };

  /** Waits for the end of the turn; what had not come when time was over counts as lost. */
  async wait() {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, LIMIT);
    });
    await Promise.race([this.done, late]);
    clearTimeout(timer);
  }
}

const client = new CopilotClient({ connection: RuntimeConnection.forStdio({ path: process.env.BENCH_FAKE }) });
let toolCalls = 0;

function newSession() {
  const handler = async () => {
    toolCalls += 1;
    return "ok";
  };
  const tools = [{ name: "bench", description: "Answers ok", handler }];
  return client.createSession({ onPermissionRequest: approveAll, tools, streaming: true });
}

async function turn(prompt, handler = "take") {
  const session = await newSession();
  const seen = new Seen();
  session.on(seen[handler]);
  await session.send({ prompt });
  await seen.wait();
  await session.disconnect();
  return seen;
}

async function pings() {
  const times = [];
  for (let n = 0; n < number("PINGS"); n++) {
    const start = ms();
    await client.ping("x");
    times.push((ms() - start) * 1000);
  }
  putTimes("ping", times);
  let left = number("FLIGHT");
  const lane = async () => {
    while (left-- > 0) await client.ping("x");
  };
  const start = ms();
  await Promise.all(Array.from({ length: FLIGHT }, lane));
  report.pings_per_s = number("FLIGHT") / ((ms() - start) / 1000);
}

async function flood(name, count, bytes, handler = "take") {
  const meter = new Meter();
  const seen = await turn(`flood ${count} ${bytes}`, handler);
  meter.put(name, count, Math.floor(seen.text / Math.max(seen.first, 1)));
}

async function paced() {
  const seen = await turn(`paced ${number("PACED")}`, "takeTimed");
  report.paced_lost = number("PACED") - seen.deltas;
  putTimes("delta", seen.latencies);
}

async function tools(inFlight) {
  toolCalls = 0;
  const start = ms();
  await turn(`tools ${number("TOOLS")} ${inFlight}`);
  report[`tools${inFlight}_per_s`] = toolCalls / ((ms() - start) / 1000);
  report[`tools${inFlight}_lost`] = number("TOOLS") - toolCalls;
}

async function sessions() {
  const memory = statusKb("VmRSS:");
  const start = ms();
  const made = [];
  for (let n = 0; n < number("SESSIONS"); n++) made.push(await newSession());
  report.sessions_per_s = made.length / ((ms() - start) / 1000);
  report.session_kb = (statusKb("VmRSS:") - memory) / made.length;
  for (const session of made) await session.disconnect();
}

async function streams() {
  const made = [];
  for (let n = 0; n < number("STREAMS"); n++) made.push(await newSession());
  const allSeen = made.map((session) => {
    const seen = new Seen();
    session.on(seen.take);
    return seen;
  });
  const start = ms();
  await Promise.all(made.map((session) => session.send({ prompt: `flood ${number("STREAM_EVENTS")} 64` })));
  await Promise.all(allSeen.map((seen) => seen.wait()));
  report.streams_ms = ms() - start;
  const deltas = allSeen.reduce((sum, seen) => sum + seen.deltas, 0);
  report.streams_lost = number("STREAMS") * number("STREAM_EVENTS") - deltas;
}

let start = ms();
await client.start();
report.start_ms = ms() - start;
await pings();
await flood("flood64", number("FLOOD"), 64);
await flood("fields64", number("FLOOD"), 64, "takeAll");
await flood("flood4k", number("FLOOD_BIG"), 4096);
await paced();
await tools(1);
await tools(16);
await sessions();
await streams();
start = ms();
await client.stop();
report.stop_ms = ms() - start;
console.log(JSON.stringify(report));
