/** Hosts for the Agent Host Protocol, and actions on the main thread. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it, vi } from "vitest";

import {
  CopilotClient,
  RuntimeConnection,
  type AhpHostExit,
  type AhpHostOptions,
  type AhpSessionCreateRequest,
  type AhpSessionResumeRequest,
  type CopilotSession,
} from "../dist/index.js";
import { eventually, fakeClient, fakeLibrary, fakeRuntime, newDirectory, received } from "./peers.js";

const tells = (method: string, name: string) => ({
  on: { method: name },
  do: [{ notify: { method, params: "$params" } }, { reply: { result: {} } }],
});

const SCRIPT = [
  {
    on: { method: "host.start" },
    do: [{ reply: { result: { hostId: "$params.hostId", url: "ws://x" } } }],
  },
  { on: { method: "host.listSessions" }, do: [{ reply: { result: { sessions: [] } } }] },
  { on: { method: "host.dispose" }, do: [{ reply: { result: {} } }] },
  tells("host.sessionReleased", "fake.release"),
  tells("host.exited", "fake.end"),
  tells("host.authenticationCancelled", "fake.cancelAuthentication"),
];

const CONFIG = {
  sessionId: "s1",
  workingDirectory: "/w",
  mcpServers: { local: { type: "local", command: "x", args: [], cwd: "/m" } },
  ofTomorrow: true,
};

const ask = async (client: CopilotClient, method: string, params: object): Promise<unknown> =>
  await client.request("fake.request", { method, params });

describe("a host", () => {
  it("hands over sessions and is told what becomes of them", async () => {
    const { client, record } = fakeClient(SCRIPT);
    const asked: (AhpSessionCreateRequest | AhpSessionResumeRequest)[] = [];
    const released: CopilotSession[] = [];
    const exits: AhpHostExit[] = [];
    const host = await client.startAhpHost({
      localServer: { hostname: "127.0.0.1", port: 0 },
      workspace: "w",
      createSession: async (request) => {
        asked.push(request);
        return await client.createSession(request.config);
      },
      resumeSession: async (request) => {
        asked.push(request);
        return await client.resumeSession(request.sessionId, request.config);
      },
      onSessionReleased: (session) => void released.push(session),
      onExit: (exit) => void exits.push(exit),
    });
    const { hostId } = host;
    expect(host).toMatchObject({ url: "ws://x", token: undefined });
    expect(await host.listSessions()).toEqual({ sessions: [] });
    expect(received(record, "host.start")).toEqual([
      {
        hostId,
        localServer: { hostname: "127.0.0.1", port: 0 },
        workspace: "w",
        sessionFactory: true,
        resumeFactory: true,
      },
    ]);
    const authentication = { mode: "github", identity: "ada" };
    const first = { hostId, handoffId: "h1", config: CONFIG, authentication };
    expect(await ask(client, "host.materializeSession", first)).toEqual({ result: { sessionId: "s1" } });
    expect(received(record, "session.create")[0]).toMatchObject(CONFIG);
    expect(asked[0]).toMatchObject({ authentication });
    const second = { hostId, handoffId: "h2", config: CONFIG, resume: true };
    expect(await ask(client, "host.materializeSession", second)).toEqual({ result: { sessionId: "s1" } });
    expect(received(record, "session.resume")[0]).toMatchObject(CONFIG);
    expect(asked[1]).toMatchObject({ sessionId: "s1", authentication: { mode: "none" } });

    await client.request("fake.release", { hostId, handoffId: "h2" });
    await host.dispose();
    await client.request("fake.end", { hostId, reason: "disposed" });
    await eventually(() => exits.length === 1, "the host has ended");
    expect(released.map(({ sessionId }) => sessionId)).toEqual(["s1"]);
    expect(exits).toEqual([{ hostId, reason: "disposed" }]);
    expect(await client.stop()).toEqual([]);
  });

  it("looks at tokens until the client no longer waits", async () => {
    const { client } = fakeClient(SCRIPT);
    let given: AbortSignal | undefined;
    const { hostId } = await client.startAhpHost({
      localServer: {},
      authentication: {
        mode: "custom",
        requireIdentity: "ada",
        authenticate: async ({ token, signal }) => {
          if (token === "slow") {
            given = signal;
            await new Promise(() => undefined);
          }
          return token === "good" ? { identity: "ada", expiresAt: "2999-01-01T00:00:00Z" } : undefined;
        },
      },
    });
    const check = async (token: string) =>
      await ask(client, "host.validateAuthentication", { hostId, requestId: token, token });
    expect(await check("good")).toEqual({ result: { identity: "ada", expiresAt: "2999-01-01T00:00:00Z" } });
    expect(await check("bad")).toEqual({ result: null });
    const slow = check("slow");
    await eventually(() => given !== undefined, "the token is looked at");
    await client.request("fake.cancelAuthentication", { hostId, requestId: "slow" });
    expect(await slow).toEqual({ result: null });
    await eventually(() => given?.aborted === true, "the handler is told");
    await client.forceStop();
  });

  it("has ended when the runtime has", async () => {
    const { client } = fakeClient(SCRIPT);
    const onExit = vi.fn<NonNullable<AhpHostOptions["onExit"]>>();
    const { hostId } = await client.startAhpHost({ localServer: {}, onExit });
    await client.forceStop();
    await eventually(() => onExit.mock.calls.length === 1, "the host has ended");
    expect(onExit).toHaveBeenCalledWith({ hostId, reason: "ownerDisconnected" });
  });

  it("is not started with options that contradict each other", async () => {
    const { client } = fakeClient(SCRIPT);
    await expect(client.startAhpHost({})).rejects.toThrow("localServer");
    const authentication = { mode: "custom", requireIdentity: "ada" } as const;
    await expect(client.startAhpHost({ localServer: {}, authentication })).rejects.toThrow("authenticate");
  });
});

describe("an action of the runtime's library", () => {
  it("runs where the program says, once", async () => {
    const home = newDirectory();
    writeFileSync(join(home, "fake-runtime"), fakeRuntime());
    vi.stubEnv("COPILOT_CLI_PATH", fakeLibrary());
    const failures: unknown[] = [];
    const connection = RuntimeConnection.forInProcess({
      runOnUiThread: (action) => {
        action();
        try {
          action();
        } catch (thrown) {
          failures.push(thrown);
        }
      },
    });
    const client = new CopilotClient({ connection, baseDirectory: home });
    vi.unstubAllEnvs();
    await client.start();
    expect(await ask(client, "uiThread.run", { actionId: 7 })).toEqual({ result: null });
    const ran = await client.request("fake.received", { method: "fake.uiAction" });
    expect(ran).toMatchObject({ count: 1, messages: [{ params: { actionId: 7 } }] });
    expect(String(failures[0])).toContain("UI action 7 was not run");
    expect(await client.stop()).toEqual([]);
  });
});
