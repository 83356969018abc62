/** What is wrong is said, soon, in a typed error, and nothing is left running. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

import { CopilotClient, RuntimeConnection, type CopilotClientOptions } from "../dist/index.js";
import { eventually, fakeClient, fakeRuntime, isAlive, newDirectory, pidOf } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

/** The error of a start that must fail within five seconds. */
async function failure(options: CopilotClientOptions): Promise<Error & { kind?: string; code?: unknown }> {
  const client = new CopilotClient({ startTimeoutMs: 500, ...options });
  clients.push(client);
  const begun = performance.now();
  const error = await client.start().then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

function fake(script: unknown): { options: CopilotClientOptions; record: string } {
  const record = join(newDirectory(), "record.jsonl");
  const args = ["--script-json", JSON.stringify(script), "--record", record];
  return { options: { connection: RuntimeConnection.forStdio({ path: fakeRuntime(), args }) }, record };
}

async function nothingLeft(record: string): Promise<void> {
  await eventually(() => !isAlive(pidOf(record) as number), "the runtime is gone");
}

describe("starting", () => {
  it("names a path that does not exist", async () => {
    const error = await failure({ connection: RuntimeConnection.forStdio({ path: "/no/such/runtime" }) });
    expect(error.kind).toBe("RuntimeNotFound");
    expect(error.message).toContain("/no/such/runtime");
  });

  it("reports a file that is no program", async () => {
    const file = join(newDirectory(), "text");
    writeFileSync(file, "not a program");
    chmodSync(file, 0o755);
    const error = await failure({ connection: RuntimeConnection.forStdio({ path: file }) });
    expect(["SpawnFailed", "ProcessExited"]).toContain(error.kind);
  });

  it("shows what a runtime that exits at once wrote", async () => {
    const { options, record } = fake({ onStart: [{ stderr: "fatal: nonexistent licence\n" }, { exit: 3 }] });
    const error = await failure(options);
    expect(error.message).toContain("nonexistent licence");
    expect(error.message).toContain("stderr");
    await nothingLeft(record);
  });

  it("does not wait for ever for a port", async () => {
    const record = join(newDirectory(), "record.jsonl");
    const args = ["--script-json", '{"announce":false}', "--record", record];
    const error = await failure({ connection: RuntimeConnection.forTcp({ path: fakeRuntime(), args }) });
    expect(error.kind).toBe("StartTimeout");
    await nothingLeft(record);
  });

  it("reports a wrong token", async () => {
    const args = [
      "--script-json",
      '[{"on":{"method":"connect"},"do":[{"reply":{"error":{"code":-32002,"message":"AUTHENTICATION_FAILED"}}}]}]',
    ];
    const error = await failure({ connection: RuntimeConnection.forStdio({ path: fakeRuntime(), args }) });
    expect(error.message).toContain("AUTHENTICATION_FAILED");
    expect(error.code).toBe(-32002);
  });

  it("refuses a protocol version it does not know", async () => {
    const { options, record } = fake([
      {
        on: { method: "connect" },
        do: [{ reply: { result: { ok: true, protocolVersion: 99, version: "99" } } }],
      },
    ]);
    const error = await failure(options);
    expect(error.kind).toBe("ProtocolMismatch");
    expect(error.message).toContain("SDK protocol version mismatch");
    await nothingLeft(record);
  });

  it("reports a program that is not a runtime", async () => {
    const error = await failure({ connection: RuntimeConnection.forStdio({ path: "/bin/echo" }) });
    expect(["ProcessExited", "Protocol"]).toContain(error.kind);
  });

  it("survives a frame that is not JSON", async () => {
    const { options, record } = fake({ onConnect: [{ raw: { body: "this is not JSON" } }] });
    const client = new CopilotClient(options);
    clients.push(client);
    await client.start().catch((error: unknown) => {
      expect(error).toHaveProperty("kind");
    });
    await client.forceStop();
    await nothingLeft(record);
  });

  it("reports a URI nobody listens at", async () => {
    const error = await failure({ connection: RuntimeConnection.forUri("localhost:1") });
    expect(error.kind).toBe("ConnectFailed");
  });
});

describe("options", () => {
  it.each([
    ["localhost", "Invalid cliUrl format"],
    ["host:0", "Invalid port in cliUrl"],
    ["host:65536", "Invalid port in cliUrl"],
  ])("refuses the address %s", (url, text) => {
    expect(() => new CopilotClient({ connection: RuntimeConnection.forUri(url) })).toThrow(text);
  });

  it("refuses a login for somebody else's runtime", () => {
    const connection = RuntimeConnection.forUri("localhost:1");
    const text = "gitHubToken and useLoggedInUser cannot be used with RuntimeConnection.forUri";
    expect(() => new CopilotClient({ connection, gitHubToken: "x" })).toThrow(text);
    expect(() => new CopilotClient({ connection, useLoggedInUser: false })).toThrow(text);
  });

  it("refuses an incomplete session file system", () => {
    const base = { initialCwd: "/", sessionStatePath: "/state", conventions: "posix" as const };
    expect(() => new CopilotClient({ sessionFs: { ...base, initialCwd: "" } })).toThrow(
      "sessionFs.initialCwd is required",
    );
    expect(() => new CopilotClient({ sessionFs: { ...base, sessionStatePath: "" } })).toThrow(
      "sessionFs.sessionStatePath is required",
    );
    expect(() => new CopilotClient({ sessionFs: { ...base, conventions: "dos" as "posix" } })).toThrow(
      "conventions must be either",
    );
  });

  it("refuses an empty token and an empty client without storage", () => {
    expect(
      () => new CopilotClient({ connection: RuntimeConnection.forTcp({ connectionToken: "" }) }),
    ).toThrow("connectionToken must be a non-empty string");
    expect(() => new CopilotClient({ mode: "empty" })).toThrow(/empty mode|baseDirectory|sessionFs/i);
  });

  it("says so when it is used before it is started", async () => {
    const { client } = fakeClient();
    clients.push(client);
    expect(() => client.rpc).toThrow("Client is not connected. Call start() first.");
    await expect(client.ping()).rejects.toThrow("Client not connected");
  });

  it("says so when the runtime died", async () => {
    const { client, record } = fakeClient();
    clients.push(client);
    const session = await client.createSession({});
    process.kill(pidOf(record) as number, "SIGKILL");
    await eventually(() => client.state !== "connected", "the loss is noticed");
    await expect(session.send("hello")).rejects.toThrow(/Connection is closed|exited/);
    await expect(client.ping()).rejects.toThrow();
  });
});

describe("tool filters", () => {
  it("refuses a bare wildcard, and an empty client without tools", async () => {
    const { client } = fakeClient();
    clients.push(client);
    await expect(client.createSession({ availableTools: ["*"] })).rejects.toThrow(
      /bare wildcard.*addBuiltIn/s,
    );
    const empty = fakeClient({}, { mode: "empty", baseDirectory: newDirectory() }).client;
    clients.push(empty);
    await expect(empty.createSession({})).rejects.toThrow(/empty.*availableTools/i);
  });
});
