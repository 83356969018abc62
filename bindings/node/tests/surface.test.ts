/** The public surface without a conversation: names, helpers, and what the client makes of answers. */
import { afterEach, describe, expect, it } from "vitest";

import * as sdk from "../dist/index.js";
import { eventually, fakeClient, received } from "./peers.js";

const { BuiltInTools, CanvasError, convertMcpCallToolResult, createCanvas, defineFactory, ToolSet } = sdk;

const clients: sdk.CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

function newClient(script: unknown = {}, options: sdk.CopilotClientOptions = {}) {
  const made = fakeClient(script, options);
  clients.push(made.client);
  return made;
}

const reply = (method: string, result: unknown): object => ({ on: { method }, do: [{ reply: { result } }] });

describe("exports", () => {
  it("are those of the package it replaces", () => {
    const names =
      "BuiltInTools Canvas CanvasError CopilotClient CopilotRequestHandler CopilotSession CopilotWebSocketCloseStatus " +
      "CopilotWebSocketForwarder CopilotWebSocketHandler DisableBypassPermissionsModes FactoryResumeError RuntimeConnection " +
      "SYSTEM_MESSAGE_SECTIONS SessionFsSqliteTransactionFailure ToolSet approveAll convertMcpCallToolResult " +
      "createAttributedPermissionResult createCanvas createSessionFsAdapter defineFactory defineTool isFactoryRunTerminal";
    expect(Object.keys(sdk)).toEqual(expect.arrayContaining(names.split(" ")));
    expect(Object.keys(sdk.SYSTEM_MESSAGE_SECTIONS)).toHaveLength(12);
  });
});

describe("ToolSet", () => {
  it("qualifies names and refuses bad ones", () => {
    const set = new ToolSet().addBuiltIn(["a", "b"]).addBuiltIn("*").addCustom("c").addMcp("d-e");
    expect(set.toArray()).toEqual(["builtin:a", "builtin:b", "builtin:*", "custom:c", "mcp:d-e"]);
    for (const name of ["", "a b", "a:b", "**"]) expect(() => new ToolSet().addMcp(name)).toThrow(/match/i);
    expect(BuiltInTools.Isolated).toHaveLength(10);
  });
});

describe("convertMcpCallToolResult", () => {
  it("joins texts, keeps binaries, ignores what it does not know", () => {
    const content = [
      { type: "text" as const, text: "one" },
      { type: "image" as const, data: "aaa", mimeType: "image/png" },
      { type: "resource" as const, resource: { uri: "file:///x", text: "two", blob: "bbb" } },
      { type: "audio" } as never,
    ];
    expect(convertMcpCallToolResult({ content, isError: true })).toEqual({
      textResultForLlm: "one\ntwo",
      resultType: "failure",
      binaryResultsForLlm: [
        { data: "aaa", mimeType: "image/png", type: "image" },
        { data: "bbb", mimeType: "application/octet-stream", type: "resource", description: "file:///x" },
      ],
    });
    expect(convertMcpCallToolResult({ content: [] })).toEqual({
      textResultForLlm: "",
      resultType: "success",
    });
  });
});

describe("defineFactory", () => {
  it("freezes a copy of its description and checks it", () => {
    const meta = { name: "f", description: "d", phases: [{ title: "one" }] };
    const handle = defineFactory({ meta, run: () => Promise.resolve() });
    meta.name = "changed";
    expect(handle.meta.name).toBe("f");
    expect(Object.isFrozen(handle) && Object.isFrozen(handle.meta.phases)).toBe(true);
    const run = (): Promise<void> => Promise.resolve();
    const bad = (more: object) => () => defineFactory({ meta: { ...meta, ...more }, run });
    expect(bad({ phases: [{ title: " " }] })).toThrow(/blank/);
    expect(bad({ phases: [{ title: "a" }, { title: "a" }] })).toThrow(/duplicate/i);
    expect(bad({ limits: { timeoutSeconds: 0 } })).toThrow(/timeoutSeconds/);
    expect(bad({ limits: { maxAiCredits: Number.NaN } })).toThrow(/maxAiCredits/);
    expect(sdk.isFactoryRunTerminal("halted") && !sdk.isFactoryRunTerminal("running")).toBe(true);
  });
});

describe("the client", () => {
  it("turns times into dates and directories into names", async () => {
    const wire = {
      sessionId: "s",
      startTime: "2026-01-02T03:04:05Z",
      modifiedTime: "2026-01-02T03:04:06Z",
      isRemote: false,
    };
    const { client, record } = newClient([
      reply("session.list", { sessions: [{ ...wire, context: { cwd: "/w", branch: "b" } }] }),
    ]);
    await client.start();
    const [session] = await client.listSessions({ workingDirectory: "/w" });
    expect(session).toEqual({
      sessionId: "s",
      isRemote: false,
      startTime: new Date("2026-01-02T03:04:05Z"),
      modifiedTime: new Date("2026-01-02T03:04:06Z"),
      context: { workingDirectory: "/w", branch: "b" },
    });
    expect(received(record, "session.list")).toEqual([{ filter: { cwd: "/w" } }]);
  });

  it("hands on lifecycle events, typed first", async () => {
    const { client } = newClient();
    const seen: unknown[] = [];
    client.onLifecycle((event) => seen.push(event));
    const leave = client.onLifecycle("session.updated", ({ metadata }) =>
      seen.push(metadata.startTime.getTime()),
    );
    await client.start();
    const metadata = { startTime: "1970-01-01T00:00:01Z", modifiedTime: "1970-01-01T00:00:02Z" };
    const script = [
      {
        on: { method: "fake.go" },
        do: [
          {
            notify: {
              method: "session.lifecycle",
              params: { type: "session.updated", sessionId: "s", metadata },
            },
          },
          { reply: { result: {} } },
        ],
      },
    ];
    await client.request("fake.script", { script });
    await client.request("fake.go");
    expect(seen).toEqual([
      1000,
      {
        type: "session.updated",
        sessionId: "s",
        metadata: { startTime: new Date(1000), modifiedTime: new Date(2000) },
      },
    ]);
    leave();
    await client.request("fake.go");
    expect(seen).toHaveLength(3);
  });

  it("tells where it stands, before and after a start", async () => {
    const { client } = newClient();
    expect(await client.diagnostics()).toMatchObject({ state: "disconnected", start: null });
    await client.start();
    await client.ping();
    const { state, start, counters, protocolVersion } = await client.diagnostics();
    expect({ state, protocolVersion, calls: counters["calls"] }).toEqual({
      state: "connected",
      protocolVersion: 3,
      calls: 2,
    });
    expect(start).toMatchObject({ outcome: "ok", phase: null });
    expect(start?.timings.total).toBeGreaterThanOrEqual(start?.timings.handshake ?? Infinity);
  });

  it("says why the runtime's interface does not show a session", async () => {
    const refused = { reply: { result: { success: false, error: "no screen" } } };
    const { client } = newClient([{ on: { method: "session.setForeground" }, do: [refused] }]);
    await client.start();
    await expect(client.setForegroundSessionId("s")).rejects.toThrow(
      "Failed to set foreground session: no screen",
    );
  });

  it("asks the program for models, once", async () => {
    let asked = 0;
    const onListModels = () => {
      asked += 1;
      return [{ id: "m", name: "M" } as sdk.ModelInfo];
    };
    const { client } = newClient({}, { onListModels });
    expect((await client.listModels())[0]?.id).toBe("m");
    (await client.listModels()).length = 0;
    expect(await client.listModels()).toHaveLength(1);
    expect(asked).toBe(1);
  });

  it("returns the errors of stop() and can be started again", async () => {
    const { client } = newClient([
      { on: { method: "runtime.shutdown" }, do: [{ reply: { error: { code: 1, message: "no" } } }] },
    ]);
    await client.start();
    await Promise.all([client.start(), client.start()]);
    const errors = await client.stop();
    expect(errors.map(({ message }) => message).join()).toContain("Failed to gracefully shut down runtime");
    await client.start();
    expect((await client.ping()).message).toBe("pong");
    await client.forceStop();
    await client.forceStop();
    await expect(client.ping()).rejects.toThrow("not connected");
  });

  it("passes trace context on", async () => {
    const { client, record } = newClient({}, { onGetTraceContext: () => ({ traceparent: "tp" }) });
    const session = await client.createSession({});
    await session.send("x");
    expect(received(record, "session.create")[0]).toMatchObject({ traceparent: "tp" });
    expect(received(record, "session.send")[0]).toMatchObject({ traceparent: "tp", prompt: "x" });
  });
});

describe("session.ui", () => {
  it("needs the host's consent, and asks with forms", async () => {
    const { client } = newClient();
    const without = await client.createSession({});
    await expect(without.ui.confirm("sure?")).rejects.toThrow(/not supported/);
    const answers = [{ confirmed: true }, { selection: "b" }, { value: "v" }];
    const able = newClient([
      reply("session.create", { sessionId: "s", capabilities: { ui: { elicitation: true } } }),
      ...answers.map((content) => ({
        on: { method: "session.ui.elicitation", nth: 1 },
        do: [{ reply: { result: { action: "accept", content } } }],
      })),
      reply("session.ui.elicitation", { action: "cancel" }),
    ]);
    const session = await able.client.createSession({ sessionId: "s" });
    expect(session.capabilities.ui?.elicitation).toBe(true);
    expect(await session.ui.confirm("sure?")).toBe(true);
    expect(await session.ui.select("which?", ["a", "b"])).toBe("b");
    expect(await session.ui.input("what?", { minLength: 0, title: "" })).toBe("v");
    expect(await session.ui.input("what?")).toBe(null);
    expect(received(able.record, "session.ui.elicitation")[2]).toMatchObject({
      requestedSchema: {
        type: "object",
        properties: { value: { type: "string", minLength: 0 } },
        required: ["value"],
      },
    });
  });
});

describe("served by the program", () => {
  const request = (client: sdk.CopilotClient, method: string, params: object) =>
    client.request("fake.request", { method, params: { sessionId: "s", ...params } });

  it("canvases", async () => {
    const { client } = newClient();
    const canvas = createCanvas({
      id: "c",
      displayName: "C",
      description: "d",
      open: () => ({ title: "opened" }),
      actions: [
        { name: "add", handler: ({ input }) => ({ got: input }) },
        {
          name: "fail",
          handler: () => {
            throw new CanvasError("full", "no room");
          },
        },
      ],
    });
    await client.createSession({ sessionId: "s", canvases: [canvas] });
    const params = { extensionId: "e", canvasId: "c", instanceId: "i" };
    expect(await request(client, "canvas.open", params)).toMatchObject({ result: { title: "opened" } });
    const invoke = (actionName: string) =>
      request(client, "canvas.action.invoke", { ...params, actionName, input: 1 });
    expect(await invoke("add")).toMatchObject({ result: { got: 1 } });
    expect(await invoke("fail")).toMatchObject({ error: { message: "no room", data: { code: "full" } } });
    expect(await invoke("none")).toMatchObject({ error: { data: { code: "canvas_action_no_handler" } } });
    expect(await request(client, "canvas.close", params)).toMatchObject({ result: null });
    const stranger = await request(client, "canvas.open", { ...params, canvasId: "x" });
    expect(stranger).toMatchObject({ error: { message: 'No canvas registered with id "x"' } });
  });

  it("session files", async () => {
    const sessionFs = { initialCwd: "/", sessionStatePath: "/state", conventions: "posix" as const };
    const { client } = newClient([reply("sessionFs.setProvider", { success: true })], { sessionFs });
    await expect(client.createSession({})).rejects.toThrow("createSessionFsProvider is required");
    const files = new Map([["/a", "text"]]);
    const missing = (): never => {
      throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    };
    const stat = {
      isFile: true,
      isDirectory: false,
      size: 4,
      mtime: "2026-01-01T00:00:00Z",
      birthtime: "2026-01-01T00:00:00Z",
    };
    const provider = {
      readFile: (path: string) => Promise.resolve(files.get(path) ?? missing()),
      writeFile: (path: string, content: string) => Promise.resolve(void files.set(path, content)),
      exists: (path: string) => Promise.resolve(files.has(path)),
      stat: (path: string) => Promise.resolve(files.has(path) ? stat : missing()),
      readdir: () => Promise.resolve([...files.keys()]),
      rename: () => Promise.reject(new Error("busy")),
    } as unknown as sdk.SessionFsProvider;
    await client.createSession({ sessionId: "s", createSessionFsProvider: () => provider });
    const call = (method: string, params: object) => request(client, `sessionFs.${method}`, params);
    expect(await call("readFile", { path: "/a" })).toMatchObject({ result: { content: "text" } });
    expect(await call("readFile", { path: "/b" })).toMatchObject({ result: { error: { code: "ENOENT" } } });
    expect(await call("writeFile", { path: "/b", content: "new" })).toMatchObject({ result: null });
    expect(await call("exists", { path: "/b" })).toMatchObject({ result: { exists: true } });
    expect(await call("stat", { path: "/a" })).toMatchObject({ result: stat });
    expect(await call("readdir", { path: "/" })).toMatchObject({ result: { entries: ["/a", "/b"] } });
    expect(await call("rename", { src: "/a", dest: "/b" })).toMatchObject({
      result: { code: "UNKNOWN", message: "busy" },
    });
    const adapter = sdk.createSessionFsAdapter(provider);
    expect(await adapter.readFile({ sessionId: "s", path: "/none" })).toMatchObject({
      content: "",
      error: { code: "ENOENT" },
    });
    await expect(adapter.sqliteExists({ sessionId: "s" })).rejects.toThrow("SQLite is not supported");
    expect(await call("readFileBytes", { path: "/a" })).toMatchObject({ result: { content: "", error: {} } });
    const blobs = new Map<string, Uint8Array>();
    provider.readFileBytes = (path) => Promise.resolve(blobs.get(path) ?? missing());
    provider.writeFileBytes = (path, content) => Promise.resolve(void blobs.set(path, content));
    expect(await call("writeFileBytes", { path: "/x", content: "AJ+Slg==" })).toMatchObject({ result: null });
    expect([...(blobs.get("/x") ?? [])]).toEqual([0, 159, 146, 150]);
    expect(await call("readFileBytes", { path: "/x" })).toMatchObject({ result: { content: "AJ+Slg==" } });
    expect(await call("readFileBytes", { path: "/y" })).toMatchObject({
      result: { error: { code: "ENOENT" } },
    });
    expect(await call("writeFileBytes", { path: "/x", content: "A-" })).toMatchObject({
      result: { code: "UNKNOWN" },
    });
  });

  it("telemetry", async () => {
    const seen: unknown[] = [];
    const params = { sessionId: "s", restricted: false, event: { kind: "k", properties: {}, metrics: {} } };
    const { client } = newClient(
      [
        {
          on: { method: "fake.go" },
          do: [{ notify: { method: "gitHubTelemetry.event", params } }, { reply: { result: {} } }],
        },
      ],
      { onGitHubTelemetry: (event) => void seen.push(event) },
    );
    await client.start();
    await client.request("fake.go");
    await eventually(() => seen.length === 1, "the event");
    expect(seen).toEqual([params]);
  });
});
