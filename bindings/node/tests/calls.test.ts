/** Calls: all of the engine's table are there, and the engine checks what they are given. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";

import { CopilotClient, CopilotSession, defineTool } from "../dist/index.js";
import { fakeClient, received } from "./peers.js";

interface Call {
  scope: "client" | "session";
  node: string | null;
}

const TABLE = new URL("../../../tests/conformance/calls.json", import.meta.url);
const CALLS = JSON.parse(readFileSync(TABLE, "utf8")) as Call[];

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

const start = (script: unknown[] = []) => {
  const { client, record } = fakeClient(script);
  clients.push(client);
  return { client, sent: (method: string) => received(record, method).at(-1) };
};

describe("every call is there", () => {
  it.each(CALLS.filter(({ node }) => node !== null))("$scope $node", ({ scope, node }) => {
    const prototype = scope === "client" ? CopilotClient.prototype : CopilotSession.prototype;
    expect(Object.getOwnPropertyNames(prototype)).toContain(node?.split(".")[0]);
  });
});

it("models and lines are checked by the engine", async () => {
  const { client, sent } = start();
  const session = await client.createSession({});
  await expect(session.setModel("m", { contextTier: "wide" as never })).rejects.toThrow(
    'contextTier is "wide"; expected one of default, long_context',
  );
  await expect(session.log("x", { level: "loud" as never })).rejects.toThrow("expected one of info");
  await session.setModel("m", { contextTier: "default", autoTier: null });
  expect(sent("session.model.switchTo")).toEqual({
    sessionId: session.sessionId,
    modelId: "m",
    contextTier: "default",
    autoTier: null,
  });
});

describe("setTools", () => {
  const called = (toolName: string) => ({
    event: {
      type: "external_tool.requested",
      data: { requestId: "r", toolCallId: "c", toolName, arguments: {} },
    },
  });
  const method = "session.tools.handlePendingToolCall";
  const oldTool = defineTool("old", { handler: () => "old" });
  const newTool = defineTool("new", { handler: () => "new" });

  it("serves the new tools from the runtime's answer on", async () => {
    const script = [{ on: { method: "session.tools.set" }, do: [{ reply: { result: {} } }, called("new")] }];
    const { client, sent } = start(script);
    const session = await client.createSession({ tools: [oldTool] });
    await session.setTools([newTool]);
    await expect.poll(() => sent(method)).toMatchObject({ result: "new" });
    expect(sent("session.tools.set")).toMatchObject({ tools: [{ name: "new" }] });
  });

  it("keeps the old ones when the runtime refuses", async () => {
    const refusal = { error: { code: -32601, message: "Unhandled method" } };
    const script = [{ on: { method: "session.tools.set" }, do: [{ reply: refusal }, called("old")] }];
    const { client, sent } = start(script);
    const session = await client.createSession({ tools: [oldTool] });
    await expect(session.setTools([newTool])).rejects.toThrow("Unhandled method");
    await expect.poll(() => sent(method)).toMatchObject({ result: "old" });
  });
});
