// The verbs of the cases, one method each, over the public API of the package.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { cannedClient, cannedHandlers, cannedHost, CONTEXT } from "./canned.mjs";
import { inOrder, matches, resolve } from "./match.mjs";

/** One case with its clients, sessions and stored values. */
export class Case {
  #setup;
  #store;
  #clients = new Map();
  #sessions = new Map();
  #subscriptions = new Map();
  #begun = new Map();
  #iterations = new Map();
  #hosts = new Map();
  #helpers = [];
  #record;
  #fakeArgs;

  constructor(setup) {
    this.#setup = setup;
    this.#record = join(setup.home, "record.jsonl");
    this.#store = { home: setup.home };
    this.#fakeArgs = ["--script-json", JSON.stringify(setup.definition.fake ?? {}), "--record", this.#record];
  }

  async startModel(command, args) {
    const { child, address } = await this.#setup.startHelper(command, args, /listening on (\S+)/);
    this.#helpers.push(child);
    this.#store.modelUrl = address;
  }

  recording() {
    if (!existsSync(this.#record)) return [];
    const lines = readFileSync(this.#record, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }

  async cleanUp() {
    for (const client of this.#clients.values()) await client.forceStop().catch(() => undefined);
    for (const child of this.#helpers) child.kill("SIGKILL");
  }

  async steps(steps) {
    for (const step of steps) await this.step(step);
  }

  async step(step) {
    const [[verb, given]] = Object.entries(step);
    const method = this[verb];
    assert(typeof method === "function", `unknown verb ${verb}`);
    // Steps inside a step are resolved when their turn comes.
    return await method.call(this, given.step || given.steps ? given : resolve(given, this.#store));
  }

  #client(name = "client") {
    return this.#clients.get(name);
  }

  #session(name = "session") {
    return this.#sessions.get(name).session;
  }

  #kept({ session = "session", subscription }) {
    return subscription ? this.#subscriptions.get(subscription).events : this.#sessions.get(session).events;
  }

  async #eventually(within = 5000, check, explain) {
    const end = performance.now() + within;
    while (!(await check())) {
      if (performance.now() > end) assert.fail(explain());
      await sleep(20);
    }
  }

  // Clients

  async client({ as = "client", connection = "stdio", options = {}, token, serverToken, url, ...given }) {
    const { RuntimeConnection, CopilotClient } = this.#setup.sdk;
    const { path, env, ...plain } = options;
    const { runOnUiThread, ...served } = cannedClient(given, this.#setup.sdk);
    const rest = { ...plain, ...served };
    this.#hosts.set(as, given.ahp_host);
    const real = this.#setup.runtime === "real";
    const program = path ?? (real ? process.env.COPILOT_CLI_PATH : this.#setup.fake);
    const args = real || path ? [] : this.#fakeArgs;
    const common = {
      ...rest,
      env: { ...process.env, ...(real && { COPILOT_HOME: this.#setup.home }), ...env },
    };
    if (connection === "inprocess") {
      // The library finds there which program plays the runtime.
      writeFileSync(join(this.#setup.home, "fake-runtime"), [program, ...args].join("\n"));
      const before = process.env.COPILOT_CLI_PATH;
      process.env.COPILOT_CLI_PATH = this.#setup.library;
      const reach = RuntimeConnection.forInProcess({ runOnUiThread });
      const inside = { ...rest, baseDirectory: this.#setup.home, connection: reach };
      this.#clients.set(as, new CopilotClient(inside));
      process.env.COPILOT_CLI_PATH = before ?? "";
      return;
    }
    const withToken = token === undefined ? {} : { connectionToken: token };
    if (connection === "uri") {
      const address = url ?? (await this.#startFake(serverToken));
      this.#clients.set(
        as,
        new CopilotClient({ ...rest, connection: RuntimeConnection.forUri(address, withToken) }),
      );
      return;
    }
    const reach =
      connection === "tcp"
        ? RuntimeConnection.forTcp({ path: program, args, ...withToken })
        : RuntimeConnection.forStdio({ path: program, args });
    this.#clients.set(as, new CopilotClient({ ...common, connection: reach }));
  }

  async host({ client = "client", options, expect, as }) {
    const sessionOf = (id) =>
      [...this.#sessions.values()].map(({ session }) => session).find(({ sessionId }) => sessionId === id);
    const given = cannedHost(options, this.#hosts.get(client), sessionOf);
    const { hostId, url, token } = await this.#client(client).startAhpHost(given);
    if (as) this.#store[as] = { hostId, url, token };
    if (expect) assert(matches(expect, { hostId, url, token }), `the host is ${hostId} ${url} ${token}`);
  }

  async #startFake(token) {
    const env = { ...process.env, ...(token !== undefined && { COPILOT_CONNECTION_TOKEN: token }) };
    const { fake, startHelper } = this.#setup;
    const { child, address } = await startHelper(fake, [...this.#fakeArgs, "--port", "0"], /port (\d+)/, env);
    this.#helpers.push(child);
    return `localhost:${address}`;
  }

  async start({ client = "client", ...options }) {
    if (!this.#clients.has(client)) await this.client({ ...options, as: client });
    await this.#client(client).start();
  }

  async stop({ client }) {
    const errors = await this.#client(client).stop();
    if (errors.length === 0) return;
    const error = new Error(errors.map(({ message }) => message).join("; "));
    throw Object.assign(error, { kind: "StopFailed" });
  }

  async force_stop({ client }) {
    await this.#client(client).forceStop();
  }

  async ping({ client, message, expect }) {
    this.#expect(expect, await this.#client(client).ping(message));
  }

  async invoke({ client, method, params, timeout_ms, expect, as }) {
    const result = await this.#client(client).request(method, params, { timeoutMs: timeout_ms });
    this.#expect(expect, result);
    if (as) this.#store[as] = result;
    return result;
  }

  async list_models({ client, expect }) {
    this.#expect(expect, await this.#client(client).listModels());
  }

  #pid() {
    return this.recording().find((line) => line.dir === "start")?.pid;
  }

  async kill_runtime() {
    process.kill(this.#pid(), "SIGKILL");
  }

  async expect_no_process({ within_ms }) {
    const pid = this.#pid();
    await this.#eventually(
      within_ms,
      () => !isAlive(pid),
      () => `process ${pid} still lives`,
    );
  }

  // Sessions

  async create(given) {
    return await this.#open(given, (config) => this.#client(given.client).createSession(config));
  }

  async resume(given) {
    return await this.#open(given, (config) =>
      this.#client(given.client).resumeSession(given.sessionId, config),
    );
  }

  async #open({ as = "session", client = "client", config = {}, context, expect, ...given }, open) {
    if (!this.#clients.has(client)) await this.client({ as: client });
    const events = [];
    const all = { ...config, ...cannedHandlers(given, config, this.#setup.sdk) };
    const session = await CONTEXT.run(context, () => open({ ...all, onEvent: (event) => events.push(event) }));
    this.#sessions.set(as, { session, events });
    this.#store[as] = { id: session.sessionId };
    this.#expect(expect, this.#store[as]);
  }

  async send({ session, prompt, as }) {
    const id = await this.#session(session).send(prompt);
    if (as) this.#store[as] = id;
    return id;
  }

  async send_and_wait({ session, prompt, timeout_ms, idempotency_key: idempotencyKey, expect, as }) {
    const message = idempotencyKey ? { prompt, idempotencyKey } : prompt;
    const event = await this.#session(session).sendAndWait(message, timeout_ms);
    if (expect === null) assert.equal(event, undefined);
    else this.#expect(expect, event);
    if (as) this.#store[as] = event;
    return event;
  }

  async abort({ session }) {
    await this.#session(session).abort();
  }

  async disconnect({ session }) {
    await this.#session(session).disconnect();
  }

  async get_events({ session, expect_in_order = [], absent = [] }) {
    const events = await this.#session(session).getEvents();
    const types = events.map(({ type }) => type);
    assert(inOrder(expect_in_order, events), `not in this order: ${types}`);
    for (const type of absent) assert(!types.includes(type), `${type} is in the history`);
  }

  async on({ session, as, throws }) {
    const events = [];
    const leave = this.#session(session).on((event) => {
      events.push(event);
      if (throws) throw new Error("the handler failed");
    });
    this.#subscriptions.set(as, { events, leave });
  }

  async iterate({ session, as }) {
    const events = this.#session(session).events();
    const iterate = async () => {
      let last = "";
      try {
        for await (const event of events) last = event.type;
      } catch (error) {
        return { ended: error.kind, last };
      }
      return { ended: "done", last };
    };
    this.#iterations.set(as, iterate());
  }

  async iteration({ name, ended, last }) {
    assert.deepEqual(await this.#iterations.get(name), { ended, last });
  }

  async listen_after_create({ client, count, type, within_ms }) {
    const seen = new Set();
    for (let number = 0; number < count; number++) {
      const session = await this.#client(client).createSession({});
      session.on((event) => event.type === type && seen.add(number));
    }
    await this.#eventually(
      within_ms,
      () => seen.size === count,
      () => `${seen.size} of ${count} saw it`,
    );
  }

  async off({ subscription }) {
    this.#subscriptions.get(subscription).leave();
  }

  async counters({ session, received_at_least = 0, delivered_at_least = 0, within_ms }) {
    const read = () => this.#session(session).counters();
    const check = () => read().received >= received_at_least && read().delivered >= delivered_at_least;
    await this.#eventually(within_ms, check, () => `counters: ${JSON.stringify(read())}`);
  }

  // Looking

  async expect_event(given) {
    const pattern = { type: given.type, ...(given.data !== undefined && { data: given.data }) };
    const found = () => this.#kept(given).some((event) => matches(pattern, event));
    if (given.absent) {
      await sleep(100);
      assert(!found(), `${given.type} came`);
      return;
    }
    await this.#eventually(
      given.within_ms,
      found,
      () => `no ${given.type} among ${typesOf(this.#kept(given))}`,
    );
  }

  async expect_events_in_order(given) {
    const check = () => inOrder(given.events, this.#kept(given));
    await this.#eventually(given.within_ms, check, () => `not in this order: ${typesOf(this.#kept(given))}`);
  }

  async expect_sequence(given) {
    const { type, field, count, within_ms } = given;
    const values = () =>
      this.#kept(given)
        .filter((event) => event.type === type && event.data[field] !== undefined)
        .map((event) => event.data[field]);
    await this.#eventually(
      within_ms,
      () => values().length >= count,
      () => `only ${values().length} of ${count}`,
    );
    assert.deepEqual(values(), [...Array(count).keys()]);
  }

  async expect_value({ value, equals, contains_in_order }) {
    if (equals !== undefined) assert.deepEqual(value, equals);
    if (contains_in_order) assert(inOrder(contains_in_order, value), `not in ${JSON.stringify(value)}`);
  }

  #received() {
    const frames = this.recording().filter((line) => line.dir === "in");
    return frames.map(({ frame }) => ({ method: frame.method, where: frame.params ?? {} }));
  }

  async received({ method, where = {}, count, within_ms }) {
    const found = () => this.#received().filter((frame) => matches({ method, where }, frame)).length;
    if (count === 0) await sleep(200);
    const check = () => (count === undefined ? found() > 0 : found() === count);
    const explain = () =>
      `${JSON.stringify(method)}: ${found()} frames: ${JSON.stringify(this.#received().slice(-8))}`;
    await this.#eventually(count === 0 ? 0 : within_ms, check, explain);
  }

  async received_in_order({ messages, within_ms }) {
    const explain = () => `not in this order: ${this.#received().map(({ method }) => method)}`;
    await this.#eventually(within_ms, () => inOrder(messages, this.#received()), explain);
  }

  async model_received({ contains, count, within_ms }) {
    const address = new URL("/_requests", this.#store.modelUrl);
    const found = async () => {
      const bodies = await (await fetch(address)).json();
      return bodies.filter((body) => JSON.stringify(body).includes(contains)).length;
    };
    const check = async () =>
      ((await found()) >= (count ?? 1) && count === undefined) || (await found()) === count;
    await this.#eventually(within_ms, check, () => `the model did not get ${contains}`);
  }

  // Flow

  async expect_error({ step, kind, contains, reason }) {
    let error;
    try {
      await this.step(step);
    } catch (thrown) {
      error = thrown;
    }
    assert(error, `no error from ${JSON.stringify(step)}`);
    if (kind) assert([kind].flat().includes(error.kind), `kind ${error.kind}, not ${kind}: ${error.stack}`);
    if (reason) assert.equal(error.reason?.code, reason);
    if (contains) assert(error.message.includes(contains), `no "${contains}" in: ${error.message}`);
  }

  async begin({ as, step }) {
    const outcome = this.step(step).then(
      (value) => ({ value }),
      (error) => ({ error }),
    );
    this.#begun.set(as, outcome);
  }

  async await({ name, expect }) {
    const { value, error } = await this.#begun.get(name);
    if (error) throw error;
    this.#expect(expect, value);
  }

  async parallel({ steps }) {
    const outcomes = await Promise.allSettled(steps.map((step) => this.step(step)));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async sleep({ ms }) {
    await sleep(ms);
  }

  #expect(pattern, value) {
    if (pattern === undefined) return;
    assert(matches(pattern, value), `${JSON.stringify(value)} does not match ${JSON.stringify(pattern)}`);
  }
}

function typesOf(events) {
  return events
    .map(({ type }) => type)
    .slice(-20)
    .join(", ");
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    // A zombie answers too, but is no longer there.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)[0] !== "Z";
  } catch {
    return false;
  }
}
