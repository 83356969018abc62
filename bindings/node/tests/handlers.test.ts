/** Questions of the runtime: who is asked, what goes back, and that nothing a handler does ends the process. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

import {
  approveAll,
  createAttributedPermissionResult,
  defineTool,
  type CopilotClient,
  type SessionConfig,
} from "../dist/index.js";
import { eventually, fakeClient, received } from "./peers.js";

const clients: CopilotClient[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => process.on("unhandledRejection", note));
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
  process.off("unhandledRejection", note);
  expect(unhandled.splice(0)).toEqual([]);
});

async function newSession(config: SessionConfig) {
  const { client, record } = fakeClient();
  clients.push(client);
  return { client, record, session: await client.createSession(config) };
}

type Opened = Awaited<ReturnType<typeof newSession>>;

/** Has the runtime emit an event; resolves with the reply that follows. */
async function ask({ client, session, record }: Opened, type: string, data: object, reply: string) {
  const before = received(record, reply).length;
  await client.request("fake.emit", { sessionId: session.sessionId, event: { type, data } });
  await eventually(() => received(record, reply).length > before, reply);
  return received(record, reply).at(-1);
}

const TOOL_REPLY = "session.tools.handlePendingToolCall";
const callTool = (opened: Opened, toolName: string, args: unknown) =>
  ask(
    opened,
    "external_tool.requested",
    { requestId: "r", toolCallId: "c", toolName, arguments: args },
    TOOL_REPLY,
  );

const PERMISSION_REPLY = "session.permissions.handlePendingPermissionRequest";
const askPermission = (opened: Opened, more: object = {}) =>
  ask(
    opened,
    "permission.requested",
    { requestId: "p", permissionRequest: { kind: "read", ...more } },
    PERMISSION_REPLY,
  );

/** Has the runtime send a request; resolves with what the SDK answered. */
async function request({ client, session }: Opened, method: string, params: object) {
  const full = { method, params: { sessionId: session.sessionId, ...params } };
  return (await client.request("fake.request", full)) as {
    result?: unknown;
    error?: { message: string; data?: unknown };
  };
}

describe("tools", () => {
  it("are declared from zod, JSON Schema or not at all, and get arguments and invocation", async () => {
    const seen: unknown[] = [];
    const opened = await newSession({
      tools: [
        defineTool("zod", {
          description: "d",
          parameters: z.object({ city: z.string() }),
          handler: ({ city }, invocation) => {
            seen.push(
              city,
              invocation.toolName,
              invocation.sessionId,
              invocation.signal instanceof AbortSignal,
            );
            return { city };
          },
        }),
        { name: "schema", parameters: { type: "object" }, handler: () => undefined, skipPermission: true },
        { name: "plain", handler: () => "text" },
        { name: "declared" },
      ],
    });
    expect((await callTool(opened, "zod", { city: "Oslo" }))?.["result"]).toBe('{"city":"Oslo"}');
    expect((await callTool(opened, "schema", {}))?.["result"]).toBe("");
    expect((await callTool(opened, "plain", {}))?.["result"]).toBe("text");
    expect(seen).toEqual(["Oslo", "zod", opened.session.sessionId, true]);
    const [create] = received(opened.record, "session.create");
    expect(create?.["tools"]).toMatchObject([
      {
        name: "zod",
        description: "d",
        parameters: { type: "object", properties: { city: { type: "string" } } },
      },
      { name: "schema", parameters: { type: "object" }, skipPermission: true },
      { name: "plain" },
      { name: "declared" },
    ]);
  });

  it("may return a full result, throw anything, or return what is no JSON", async () => {
    const full = { textResultForLlm: "t", resultType: "failure" as const, sessionLog: "log" };
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    const opened = await newSession({
      tools: [
        { name: "full", handler: () => full },
        {
          name: "throws",
          handler: () => {
            throw new Error("boom");
          },
        },
        { name: "throws undefined", handler: () => Promise.reject() },
        { name: "cyclic", handler: () => cyclic },
      ],
    });
    expect((await callTool(opened, "full", {}))?.["result"]).toMatchObject(full);
    expect((await callTool(opened, "throws", {}))?.["error"]).toBe("boom");
    expect(await callTool(opened, "throws undefined", {})).toHaveProperty("error");
    expect((await callTool(opened, "cyclic", {}))?.["error"]).toMatch(/circular/);
  });

  it("hear of the end of their session", async () => {
    let aborted = false;
    const opened = await newSession({
      tools: [
        {
          name: "hangs",
          handler: (_args, { signal }) =>
            new Promise((_resolve, reject) => {
              signal?.addEventListener("abort", () => {
                aborted = true;
                reject(new Error("aborted"));
              });
            }),
        },
      ],
    });
    const data = { requestId: "r", toolCallId: "c", toolName: "hangs", arguments: {} };
    const event = { type: "external_tool.requested", data };
    await opened.client.request("fake.emit", { sessionId: opened.session.sessionId, event });
    await opened.session.disconnect();
    await eventually(() => aborted, "the signal fires");
    expect(received(opened.record, TOOL_REPLY)).toEqual([]);
  });
});

describe("permissions", () => {
  it("are decided, refused, attributed", async () => {
    const context = { outcome: "auto_approved", source: "host_policy", surface: "sdk" } as const;
    const decisions = [
      { kind: "reject" as const, feedback: "no" },
      createAttributedPermissionResult({ kind: "approve-once" }, context),
    ];
    const opened = await newSession({
      onPermissionRequest: () => decisions.shift() as (typeof decisions)[0],
    });
    expect((await askPermission(opened))?.["result"]).toEqual({ kind: "reject", feedback: "no" });
    const attributed = await askPermission(opened);
    expect(attributed).toMatchObject({ result: { kind: "approve-once" }, decisionContext: context });
    expect((await askPermission(opened))?.["result"]).toEqual({ kind: "user-not-available" });
  });

  it("are approved by approveAll, unless they are managed", async () => {
    const opened = await newSession({ onPermissionRequest: approveAll });
    expect((await askPermission(opened))?.["result"]).toEqual({ kind: "approve-once" });
    const managed = await newSession({ onPermissionRequest: approveAll, managedSettings: {} });
    expect((await askPermission(managed))?.["result"]).toEqual({ kind: "user-not-available" });
  });
});

describe("direct requests", () => {
  it("reach their handlers", async () => {
    const opened = await newSession({
      onUserInputRequest: ({ question }) => ({ answer: question.toUpperCase(), wasFreeform: true }),
      onExitPlanModeRequest: ({ actions }) => ({ approved: true, selectedAction: actions[0] as string }),
      onAutoModeSwitchRequest: () => "yes_always",
      hooks: {
        onPreToolUse: ({ timestamp, workingDirectory }) => ({
          additionalContext: `${timestamp.toISOString()} ${workingDirectory}`,
        }),
        onPostToolUse: () => {
          throw new Error("a hook cannot break the session");
        },
      },
      systemMessage: {
        mode: "customize",
        sections: { tone: { action: (text) => `${text}!` }, safety: { action: "remove" } },
      },
      provider: {
        baseUrl: "http://localhost:1",
        bearerTokenProvider: ({ providerName }) => Promise.resolve(`for ${providerName}`),
      },
    });
    expect(await request(opened, "userInput.request", { question: "why" })).toMatchObject({
      result: { answer: "WHY", wasFreeform: true },
    });
    const plan = { summary: "s", actions: ["interactive"], recommendedAction: "interactive" };
    expect(await request(opened, "exitPlanMode.request", plan)).toMatchObject({
      result: { approved: true, selectedAction: "interactive" },
    });
    expect(await request(opened, "autoModeSwitch.request", {})).toMatchObject({
      result: { response: "yes_always" },
    });
    const input = { toolName: "t", timestamp: 0, cwd: "/work" };
    expect(await request(opened, "hooks.invoke", { hookType: "preToolUse", input })).toMatchObject({
      result: { output: { additionalContext: "1970-01-01T00:00:00.000Z /work" } },
    });
    expect((await request(opened, "hooks.invoke", { hookType: "postToolUse", input })).error).toBeFalsy();
    expect(
      await request(opened, "systemMessage.transform", { sections: { tone: { content: "hi" } } }),
    ).toMatchObject({
      result: { sections: { tone: { content: "hi!" } } },
    });
    expect(await request(opened, "providerToken.getToken", { providerName: "default" })).toMatchObject({
      result: { token: "for default" },
    });
    const [create] = received(opened.record, "session.create");
    expect(create).toMatchObject({
      requestUserInput: true,
      requestExitPlanMode: true,
      hooks: true,
      provider: { hasBearerTokenProvider: true },
      systemMessage: {
        mode: "customize",
        sections: { tone: { action: "transform" }, safety: { action: "remove" } },
      },
    });
  });

  it("asked by events reach theirs: commands, elicitation, MCP", async () => {
    const opened = await newSession({
      commands: [
        {
          name: "deploy",
          handler: ({ args }) => {
            if (args === "bad") throw new Error("not that");
          },
        },
      ],
      onElicitationRequest: ({ message }) => ({ action: "accept", content: { message } }),
      onMcpAuthRequest: ({ serverName }) => ({ accessToken: serverName }),
    });
    const COMMAND = "session.commands.handlePendingCommand";
    const command = { requestId: "c", commandName: "deploy", command: "/deploy" };
    expect(await ask(opened, "command.execute", { ...command, args: "" }, COMMAND)).not.toHaveProperty(
      "error",
    );
    expect(await ask(opened, "command.execute", { ...command, args: "bad" }, COMMAND)).toMatchObject({
      error: "not that",
    });
    const form = { requestId: "e", message: "sure?" };
    expect(
      await ask(opened, "elicitation.requested", form, "session.ui.handlePendingElicitation"),
    ).toMatchObject({
      result: { action: "accept", content: { message: "sure?" } },
    });
    const auth = { requestId: "m", serverName: "srv", serverUrl: "http://x", reason: "initial" };
    expect(
      await ask(opened, "mcp.oauth_required", auth, "session.mcp.oauth.handlePendingRequest"),
    ).toMatchObject({
      result: { kind: "token", accessToken: "srv" },
    });
  });
});

describe("signals", () => {
  it("give up calls", async () => {
    const { client } = fakeClient([{ on: { method: "status.get" }, do: [{ noReply: true }] }]);
    clients.push(client);
    await client.start();
    const controller = new AbortController();
    const call = client.getStatus({ signal: controller.signal });
    setTimeout(() => {
      controller.abort(new Error("enough"));
    }, 20);
    await expect(call).rejects.toThrow("enough");
    await expect(client.ping("x", { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    expect((await client.ping("x")).message).toBe("pong: x");
  });

  it("give up waiting for an answer", async () => {
    const { client } = fakeClient([{ on: { method: "session.send" }, do: [{ reply: "default" }] }]);
    clients.push(client);
    const session = await client.createSession({});
    const waiting = session.sendAndWait({ prompt: "x", signal: AbortSignal.timeout(50) });
    await expect(waiting).rejects.toThrow(/timeout|aborted/i);
    await expect(session.sendAndWait("x", 100)).rejects.toThrow(
      "Timeout after 100ms waiting for session.idle",
    );
  });
});
