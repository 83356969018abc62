/** Events: complete, in order, to the right handlers. */
import { afterEach, describe, expect, it } from "vitest";

import { CopilotClient, type SessionEvent } from "../dist/index.js";
import { act, fakeClient } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

async function newSession(script: unknown = {}) {
  const { client, record } = fakeClient(script);
  clients.push(client);
  return { client, record, session: await client.createSession({}) };
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("events", () => {
  it("all arrive, in order, at a consumer that does not run for a while", async () => {
    const { client, session } = await newSession();
    const COUNT = 50_000;
    const seen: number[] = [];
    const all = new Promise<void>((resolve) => {
      session.on("assistant.message_delta", (event) => {
        if (seen.push((event.data as { n?: number }).n as number) === COUNT) resolve();
      });
    });
    const flood = client.request("fake.flood", { sessionId: session.sessionId, count: COUNT, bytes: 64 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    block(500);
    expect(session.counters()?.received).toBeGreaterThan(0);
    await Promise.all([all, flood]);
    expect(seen).toEqual([...Array(COUNT).keys()]);
    const counters = session.counters();
    expect(counters?.received).toBeGreaterThanOrEqual(COUNT);
    expect(counters).toMatchObject({ delivered: counters?.received, queuedEvents: 0, queuedBytes: 0 });
  });

  it("leave room for timers and calls during a flood", async () => {
    const { client, session } = await newSession();
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    session.on(() => undefined);
    await client.request("fake.flood", { sessionId: session.sessionId, count: 100_000, bytes: 256 });
    clearInterval(timer);
    expect(longest).toBeLessThan(100);
  });

  it("go to typed handlers first, in order of registration, once per function", async () => {
    const { session } = await newSession();
    const calls: string[] = [];
    const any = (): void => void calls.push("any");
    session.on(any);
    session.on(any);
    session.on("session.idle", () => calls.push("typed 1"));
    const leave = session.on("session.idle", () => calls.push("typed 2"));
    session.on("user.message", () => {
      calls.length = 0;
    });
    session.on(() => {
      throw new Error("the handler failed");
    });
    session.on(() => Promise.reject(new Error("the async handler failed")) as never);
    await session.sendAndWait("one");
    expect(calls.slice(-3)).toEqual(["typed 1", "typed 2", "any"]);
    leave();
    leave();
    await session.sendAndWait("two");
    expect(calls.slice(-2)).toEqual(["typed 1", "any"]);
  });

  it("that follow the answer of a call find handlers registered after it", async () => {
    const { session } = await newSession([
      {
        on: { method: "session.send" },
        do: [{ reply: "default" }, { event: { type: "session.idle", data: {}, ephemeral: true } }],
      },
    ]);
    for (let i = 0; i < 50; i++) {
      await session.send("x");
      await new Promise<void>((resolve) =>
        session.on("session.idle", () => {
          resolve();
        }),
      );
    }
  });

  it("can be iterated, until the session ends or the loop is left", async () => {
    const { client, session } = await newSession();
    const types: string[] = [];
    const whole = (async () => {
      for await (const event of session.events()) types.push(event.type);
    })();
    const untilIdle = (async () => {
      for await (const event of session.events()) if (event.type === "session.idle") return event;
      return undefined;
    })();
    await session.sendAndWait("hello");
    expect((await untilIdle)?.type).toBe("session.idle");
    await session.disconnect();
    await whole;
    expect(types).toContain("assistant.message");
    await client.stop();
  });

  it("end with an aborted signal", async () => {
    const { session } = await newSession();
    const controller = new AbortController();
    const seen: SessionEvent[] = [];
    const loop = (async () => {
      for await (const event of session.events({ signal: controller.signal })) seen.push(event);
    })();
    controller.abort();
    await loop;
  });

  it("keep odd text", async () => {
    const { client, session } = await newSession();
    const odd = { type: "odd.type", data: { "\u2028": "\u{1f600} \u0000", deep: [[[{}]]] } };
    const arrived = new Promise((resolve) => session.on("odd.type" as never, resolve as never));
    await client.request("fake.emit", { sessionId: session.sessionId, event: odd });
    expect(await arrived).toMatchObject({ data: odd.data });
  });

  it("that are no JSON reach their handlers with type and text", async () => {
    const bad = (text: string): string =>
      `{"jsonrpc":"2.0","method":"session.event","params":{"sessionId":"s","event":{"type":"bad","data":${text}}}}`;
    const bodies = ['"a\nb"', "{bad}", "01", '"\\q"'].map((text) => ({ raw: { body: bad(text) } }));
    const good = { event: { sessionId: "s", type: "good", data: {} } };
    const { client } = fakeClient([
      { on: { method: "fake.go" }, do: [good, ...bodies, good, { reply: { result: 1 } }] },
    ]);
    clients.push(client);
    const seen: SessionEvent[] = [];
    await client.createSession({ sessionId: "s", onEvent: (event) => void seen.push(event) });
    expect(await client.request("fake.go")).toBe(1);
    expect(seen.map(({ type }) => type)).toEqual(["good", "bad", "bad", "bad", "bad", "good"]);
    const bads = seen.slice(1, 5) as unknown as { raw: string; data: unknown }[];
    expect(bads.map(({ raw }) => raw)).toEqual(
      ['"a\nb"', "{bad}", "01", '"\\q"'].map((text) => `{"type":"bad","data":${text}}`),
    );
    for (const bad of bads) expect(() => bad.data).toThrow("the data of this bad event is not JSON");
    expect(JSON.stringify(bads[0])).toContain('"type":"bad"');
  });

  it.each([1_500, 100_000])("nested %i levels deep reach their handlers", async (levels) => {
    const deep = "[".repeat(levels) + "]".repeat(levels);
    const frame = (type: string, data: string): string =>
      `{"jsonrpc":"2.0","method":"session.event","params":{"sessionId":"s","event":{"type":"${type}","data":${data}}}}`;
    const { client } = fakeClient();
    clients.push(client);
    const seen: SessionEvent[] = [];
    await client.createSession({ sessionId: "s", onEvent: (event) => void seen.push(event) });
    const frames = [frame("deep", deep), frame("half", '"\\ud83d"'), frame("last", "{}")];
    await act(client, "s", ...frames.map((body) => ({ raw: { body } })));
    expect(seen.map(({ type }) => type)).toEqual(["deep", "half", "last"]);
    expect(seen[1]?.data).toBe("\ud83d");
    let depth = 0;
    for (let at: unknown = seen[0]?.data; Array.isArray(at); at = at[0]) depth += 1;
    expect(depth).toBe(levels);
  });
});
