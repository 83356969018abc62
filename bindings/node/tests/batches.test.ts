/** A batch is handed out item by item: whatever one receiver does, everything else of it arrives. */
import { afterEach, describe, expect, it } from "vitest";

import { CopilotClient, type SessionEvent } from "../dist/index.js";
import { act, burst, fakeClient } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

const COUNT = 200;
const numbers = (events: SessionEvent[]): unknown[] => events.map(({ data }) => (data as { n?: number }).n);
const ALL = [...Array(COUNT).keys()];
const notify = (method: string, params: unknown): object => ({ notify: { method, params } });

/** Ways to fail; none of them may be looked at carelessly. */
const FAULTS: (() => unknown)[] = [
  () => {
    throw new Error("it failed");
  },
  () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- programs do
    throw undefined;
  },
  () => Promise.reject(new Error("later")),
  () => ({
    then: (_: unknown, reject: (error: Error) => void) => {
      reject(new Error("by a thenable"));
    },
  }),
  () => {
    throw new Proxy(new Error("mine"), {
      get: () => {
        throw new Error("do not look");
      },
    });
  },
];

describe.each(FAULTS)("a handler that fails (%#)", (fault) => {
  it("of events costs nobody an event, nor the answer behind them", async () => {
    const { client } = fakeClient();
    clients.push(client);
    const session = await client.createSession({});
    const seen: SessionEvent[] = [];
    let calls = 0;
    session.on(() => {
      calls += 1;
      return fault() as never;
    });
    session.on((event) => void seen.push(event));
    await act(client, session.sessionId, ...burst(COUNT));
    expect(numbers(seen)).toEqual(ALL);
    expect(calls).toBe(COUNT);
    expect(await client.ping("on")).toMatchObject({ message: "pong: on" });
  });

  it("of lifecycle and telemetry costs nothing either", async () => {
    const told: string[] = [];
    const options = {
      onGitHubTelemetry: () => {
        told.push("telemetry");
        return fault() as never;
      },
    };
    const { client } = fakeClient([], options);
    clients.push(client);
    client.onLifecycle(() => {
      told.push("lifecycle");
      return fault() as never;
    });
    const session = await client.createSession({});
    const seen: SessionEvent[] = [];
    session.on((event) => void seen.push(event));
    const telemetry = {
      sessionId: "s",
      restricted: false,
      event: { kind: "k", properties: {}, metrics: {} },
    };
    await act(
      client,
      session.sessionId,
      notify("session.lifecycle", { type: "session.updated", sessionId: "x" }),
      notify("gitHubTelemetry.event", telemetry),
      ...burst(COUNT),
    );
    expect(numbers(seen)).toEqual(ALL);
    expect(told).toEqual(["lifecycle", "telemetry"]);
  });
});

describe("a notification that cannot be read", () => {
  const UNREADABLE = [
    notify("session.lifecycle", null),
    notify("session.lifecycle", { sessionId: "x" }),
    notify("gitHubTelemetry.event", {}),
    notify("gitHubTelemetry.event", null),
  ];

  it("is counted and costs itself only", async () => {
    const lifecycle: unknown[] = [];
    const { client } = fakeClient([], { onGitHubTelemetry: () => undefined });
    clients.push(client);
    client.onLifecycle((event) => void lifecycle.push(event));
    const session = await client.createSession({});
    const seen: SessionEvent[] = [];
    session.on((event) => void seen.push(event));
    const good = { type: "session.updated", sessionId: "good" };
    await act(client, session.sessionId, ...UNREADABLE, notify("session.lifecycle", good), ...burst(COUNT));
    expect(numbers(seen)).toEqual(ALL);
    expect(lifecycle).toEqual([good]);
    expect((await client.diagnostics()).counters).toMatchObject({
      unreadableNotifications: UNREADABLE.length,
    });
  });

  it("may lack its times: they are left out", async () => {
    const { client } = fakeClient();
    clients.push(client);
    const told: { metadata?: object | undefined }[] = [];
    client.onLifecycle((event) => void told.push(event));
    await client.start();
    const updated = { type: "session.updated", sessionId: "s" };
    await act(
      client,
      "s",
      notify("session.lifecycle", { ...updated, metadata: { summary: "x" } }),
      notify("session.lifecycle", { ...updated, metadata: { startTime: "never", modifiedTime: null } }),
      notify("session.lifecycle", { ...updated, metadata: { startTime: "2026-01-02T03:04:05.678Z" } }),
    );
    expect(told.map(({ metadata }) => metadata)).toEqual([
      { summary: "x" },
      {},
      { startTime: new Date("2026-01-02T03:04:05.678Z") },
    ]);
  });
});
