/** How sessions begin and end for those who listen, iterate and wait. */
import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";

import { CopilotClient, type CopilotSession, type SessionEvent } from "../dist/index.js";
import { act, burst, fakeClient, pidOf, runNode, script } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

function made(rules: object[] = []): { client: CopilotClient; record: string } {
  const both = fakeClient(rules);
  clients.push(both.client);
  return both;
}

async function collect(session: CopilotSession, seen: SessionEvent[]): Promise<string> {
  try {
    for await (const event of session.events()) seen.push(event);
    return "done";
  } catch (error) {
    return `failed: ${(error as { kind: string }).kind}`;
  }
}

describe("the first event of a session", () => {
  const START = { event: { type: "session.start", data: {} } };
  const RULES = ["create", "resume"].map((name) => ({
    on: { method: `session.${name}` },
    do: [{ reply: { result: { sessionId: "$params.sessionId" } } }, START],
  }));
  const SESSIONS = 25;
  const listen = async (opening: Promise<CopilotSession>, seen: string[]): Promise<void> => {
    const session = await opening;
    session.on(({ type }) => void seen.push(type));
  };
  /** Somebody's helpers around the call. */
  const wrapped = async (client: CopilotClient, levels: number): Promise<CopilotSession> =>
    levels === 0 ? await client.createSession({}) : await wrapped(client, levels - 1);

  it.each<[string, (client: CopilotClient, seen: string[]) => Promise<void>]>([
    [
      "one after the other",
      async (client, seen) => {
        for (let i = 0; i < SESSIONS; i++) await listen(client.createSession({}), seen);
      },
    ],
    [
      "resumed",
      async (client, seen) => {
        for (let i = 0; i < SESSIONS; i++) await listen(client.resumeSession(`s${String(i)}`, {}), seen);
      },
    ],
    [
      "behind helpers",
      async (client, seen) => {
        for (let i = 0; i < SESSIONS; i++) await listen(wrapped(client, 20), seen);
      },
    ],
    [
      "all at once",
      async (client, seen) => {
        const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => client.createSession({})));
        for (const session of sessions) await listen(Promise.resolve(session), seen);
      },
    ],
    [
      "with a pause before listening",
      async (client, seen) => {
        for (let i = 0; i < SESSIONS; i++) {
          const session = await client.createSession({});
          await new Promise((resolve) => setTimeout(resolve, 5));
          await listen(Promise.resolve(session), seen);
        }
      },
    ],
  ])("is seen by a handler registered after: %s", async (_, open) => {
    const { client } = made(RULES);
    const seen: string[] = [];
    await open(client, seen);
    await client.ping();
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.filter((type) => type === "session.start")).toHaveLength(SESSIONS);
  });
});

describe("events()", () => {
  it("hands out what it has, then fails with the loss", async () => {
    const { client, record } = made();
    const session = await client.createSession({});
    const seen: SessionEvent[] = [];
    const iterated = collect(session, seen);
    const late = session.events();
    await act(client, session.sessionId, ...burst(50));
    process.kill(pidOf(record) as number, "SIGKILL");
    expect(await iterated).toBe("failed: ProcessExited");
    expect(seen).toHaveLength(50);
    for (let n = 0; n < 50; n++) expect((await late.next()).done).toBe(false);
    await expect(late.next()).rejects.toMatchObject({
      kind: "ProcessExited",
      reason: { code: "runtime.exited" },
    });
    expect((await late.next()).done).toBe(true);
    expect(await collect(session, [])).toBe("failed: ProcessExited");
  });

  it.each<[string, (client: CopilotClient, session: CopilotSession) => Promise<unknown>]>([
    ["disconnect()", (_, session) => session.disconnect()],
    ["stop()", (client) => client.stop()],
    ["forceStop()", (client) => client.forceStop()],
    ["deleteSession()", (client, { sessionId }) => client.deleteSession(sessionId)],
    ["another resume", (client, { sessionId }) => client.resumeSession(sessionId, {})],
  ])("ends quietly after %s", async (_, end) => {
    const { client } = made();
    const session = await client.createSession({});
    const iterated = collect(session, []);
    await end(client, session);
    expect(await iterated).toBe("done");
  });
});

describe("what waits for a session", () => {
  it("fails with the loss: a wait, a call, the run of a factory", async () => {
    const rules = [
      { on: { method: "session.send" }, do: [{ reply: "default" }] },
      {
        on: { method: "session.factory.getRun" },
        do: [{ reply: { result: { runId: "r", status: "running" } } }],
      },
      { on: { method: "never" }, do: [{ noReply: true }] },
    ];
    const { client, record } = made(rules);
    const session = await client.createSession({});
    const waits = [
      session.sendAndWait("x", 60_000),
      client.request("never", {}),
      session.factory.waitForRun("r"),
      session.rpc.model.getCurrent(),
    ].map((wait) => wait.then(String, (error: unknown) => (error as { kind?: string }).kind));
    await client.ping();
    process.kill(pidOf(record) as number, "SIGKILL");
    const ended = await Promise.all(waits);
    expect(ended.slice(0, 3)).toEqual(["ProcessExited", "ProcessExited", "ProcessExited"]);
  });

  it("keeps what it knew of itself", async () => {
    const reply = { sessionId: "s", workspacePath: "/w", capabilities: { ui: { elicitation: true } } };
    const { client } = made([{ on: { method: "session.create" }, do: [{ reply: { result: reply } }] }]);
    const session = await client.createSession({ sessionId: "s" });
    session.on(() => undefined);
    await act(client, "s", ...burst(3));
    await session.disconnect();
    expect(session.workspacePath).toBe("/w");
    expect(session.capabilities).toEqual({ ui: { elicitation: true } });
    expect(session.counters()).toMatchObject({ received: 3, delivered: 3 });
    expect(client.counters()).toMatchObject({ received: 3 });
  });
});

describe("a signal", () => {
  it("given to many calls at once has one listener, and none afterwards", async () => {
    const { client } = made([{ on: { method: "slow" }, do: [{ sleep: 20 }, { reply: { result: 1 } }] }]);
    const session = await client.createSession({});
    const { signal } = new AbortController();
    const calls = Array.from({ length: 30 }, () => client.request("slow", {}, { signal }));
    const streams = Array.from({ length: 30 }, () => session.events({ signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    expect(await Promise.all(calls)).toEqual(Array(30).fill(1));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    for (const stream of streams) await stream.return?.();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("ends all of them, and prints no warning", async () => {
    const program = script(`
      const controller = new AbortController();
      await client.start();
      const calls = Array.from({ length: 20 }, () =>
        client.request("fake.never", {}, { signal: controller.signal }).catch((error) => error.name));
      controller.abort();
      console.log((await Promise.all(calls)).filter((name) => name === "AbortError").length);
      await client.forceStop();
    `);
    expect(await runNode([program])).toMatchObject({ code: 0, stdout: "20\n", stderr: "" });
  });
});
