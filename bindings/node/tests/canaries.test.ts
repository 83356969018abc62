/**
 * Secrets do not show in Node: not when something is inspected or thrown, not in warnings and outputs, not on a command line.
 *
 * What the engine itself leaves out is held by `core/tests/canaries.rs`; both take their secrets from `tests/canaries.json`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { CLIENT, CLIENT_LOCAL, LOCAL, SESSION } from "../js/generated/options.js";
import { fakeRuntime, runNode, script } from "./peers.js";

const FILE = join(import.meta.dirname, "..", "..", "..", "tests", "canaries.json");
const { mark } = JSON.parse(readFileSync(FILE, "utf8")) as { mark: string };

/** What every program begins with: `say` prints all that can be seen of something. */
const HEAD = `
  import { inspect } from "node:util";
  import { readFileSync, readdirSync } from "node:fs";
  const given = JSON.parse(readFileSync(process.env.CANARIES, "utf8"));
  const deep = { depth: 20, showHidden: true, getters: true };
  const say = (...things) => {
    for (const thing of things) console.log(inspect(thing, deep), String(thing), thing);
  };
  const refused = async (what, work) => {
    try {
      await work();
    } catch (error) {
      say(error, error.message, error.name, { ...error }, error.data, error.reason);
      console.log("refused: " + what);
      return;
    }
    console.log("taken: " + what);
  };
`;

/** Runs a program; all that it writes, which holds no secrets. */
async function output(body: string, env: Record<string, string> = {}): Promise<string> {
  const ended = await runNode([script(HEAD + body)], {
    CANARIES: FILE,
    NODE_OPTIONS: "--trace-warnings",
    ...env,
  });
  const all = ended.stdout + ended.stderr;
  expect(ended.code, all.slice(-2000)).toBe(0);
  expect(all.split("\n").filter((line) => line.includes(mark))).toEqual([]);
  return ended.stdout;
}

it.each(["stdio", "tcp"])("a runtime over %s that repeats what it is told", async (kind) => {
  const said = await output(
    `
    const env = { ...given.env, PATH: process.env.PATH };
    const path = process.env.FAKE;
    const chosen = process.env.KIND === "tcp"
      ? { connection: RuntimeConnection.forTcp({ path, connectionToken: given.connectionToken, env }) }
      : { connection: RuntimeConnection.forStdio({ path }), env };
    say(chosen.connection, RuntimeConnection.forUri("1", { connectionToken: given.connectionToken }));
    client = new CopilotClient({ ...chosen, ...given.client, logLevel: "debug" });
    say(client);
    await client.start();
    await client.request("fake.script", { script: given.script });
    await refused("create", () => client.createSession({ ...given.session }));
    const session = await client.createSession({ ...given.session });
    say(session, client);
    await refused("send", () => session.send({ prompt: "hello", requestHeaders: given.requestHeaders }));
    for (const { method, params } of given.calls) await refused(method, () => client.request(method, params));
    const found = await client.diagnostics();
    say(found);
    for (const pid of readdirSync("/proc").filter((name) => /^\\d+$/.test(name))) {
      try {
        const parent = readFileSync("/proc/" + pid + "/stat", "utf8").split(") ").at(-1).split(" ")[1];
        if (![pid, parent].includes(String(process.pid)) && pid !== String(found.runtimePid)) continue;
        console.log("command line: " + readFileSync("/proc/" + pid + "/cmdline", "utf8"));
      } catch {
        // It has ended.
      }
    }
    await refused("broken", () => client.request("test.broken", { secret: given.session.provider.apiKey }));
    say(client, session);
    await client.forceStop();
    `,
    { KIND: kind },
  );
  for (const what of ["create", "send", "account.login", "secrets.addFilterValues", "broken"]) {
    expect(said).toContain(`refused: ${what}`);
  }
  expect(said).toContain("[redacted]");
  expect(said).toContain(`command line: ${fakeRuntime()}`);
});

const OPTIONS = {
  client: [...Object.keys(CLIENT), ...CLIENT_LOCAL].filter((name) => name !== "connection"),
  session: [...Object.keys(SESSION), ...LOCAL, "extra"],
  message: ["attachments", "mode", "agentMode", "requestHeaders", "responseSchema", "source"],
};

it("values of the wrong type are not quoted", async () => {
  const said = await output(
    `
    const secret = given.mark + "-wrong-type-0815";
    const options = JSON.parse(process.env.OPTIONS);
    for (const shape of [[[secret]], { token: secret }, [{ apiKey: secret }], { a: { headers: secret } }]) {
      for (const name of options.client) {
        await refused("client " + name, () => say(new CopilotClient({ connection, [name]: shape })));
      }
      const token = { connectionToken: shape };
      for (const way of [() => RuntimeConnection.forTcp(token), () => RuntimeConnection.forUri("1", token)]) {
        await refused("connection", () => say(new CopilotClient({ connection: way() })));
      }
      for (const name of options.session) {
        await refused("session " + name, async () => say(await client.createSession({ [name]: shape })));
      }
      const session = await client.createSession({});
      for (const name of options.message) {
        await refused("send " + name, () => session.send({ prompt: "x", [name]: shape }));
      }
      await refused("on", () => session.on(shape));
      await refused("signal", () => session.send({ prompt: "x" }, { signal: shape }));
    }
    await client.forceStop();
    `,
    { OPTIONS: JSON.stringify(OPTIONS) },
  );
  expect(said.match(/^refused: /gm)?.length).toBeGreaterThan(50);
  expect(said).toContain("refused: session gitHubToken");
});
