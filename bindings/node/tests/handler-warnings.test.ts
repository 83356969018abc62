/** Handlers that fail leave a trace: one warning each, by the name of the callback. */
import { afterEach, beforeEach, expect, it } from "vitest";

import { defineTool, type CopilotClient, type CopilotSession, type SessionConfig } from "../dist/index.js";
import { eventually, fakeClient, received } from "./peers.js";

const clients: CopilotClient[] = [];
const warnings: string[] = [];
const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
beforeEach(() => process.on("warning", note));
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
  process.off("warning", note);
  warnings.splice(0);
});

interface Opened {
  client: CopilotClient;
  session: CopilotSession;
  record: string;
}

async function opened(config: SessionConfig): Promise<Opened> {
  const { client, record } = fakeClient();
  clients.push(client);
  return { client, record, session: await client.createSession(config) };
}

async function ask({ client, session, record }: Opened, type: string, data: object, reply: string) {
  const before = received(record, reply).length;
  await client.request("fake.emit", { sessionId: session.sessionId, event: { type, data } });
  await eventually(() => received(record, reply).length > before, reply);
  return received(record, reply).at(-1);
}

const PERMISSION = "session.permissions.handlePendingPermissionRequest";
const askPermission = (of: Opened) =>
  ask(of, "permission.requested", { requestId: "p", permissionRequest: { kind: "read" } }, PERMISSION);

it.each([
  ["nothing", undefined, "undefined"],
  ["true", true, "true"],
  ["a text", "approve-once", "a string"],
])("a permission handler that returns %s", async (_, returned, shown) => {
  const handlers = await opened({ onPermissionRequest: () => returned as never });
  for (let time = 0; time < 2; time += 1) {
    expect(await askPermission(handlers)).toHaveProperty("result.kind", "user-not-available");
  }
  await eventually(() => warnings.length > 0, "a warning");
  expect(warnings).toEqual([
    `CopilotHandlerWarning: the permission handler failed: TypeError: it returned ${shown}; expected a decision such as ` +
      '{ kind: "approve-once" } or { kind: "reject" }, or { kind: "no-result" } to leave it to others',
  ]);
});

it("a permission handler that throws", async () => {
  const handlers = await opened({
    onPermissionRequest: () => {
      throw new RangeError("no");
    },
  });
  expect(await askPermission(handlers)).toHaveProperty("result.kind", "user-not-available");
  await eventually(() => warnings.length > 0, "a warning");
  expect(warnings).toEqual(["CopilotHandlerWarning: the permission handler failed: RangeError: no"]);
});

it("a tool that throws", async () => {
  const divide = defineTool("divide", { handler: () => Promise.reject(new Error("by zero")) });
  const tools = await opened({ tools: [divide] });
  const call = { requestId: "r", toolCallId: "c", toolName: "divide", arguments: {} };
  const answer = await ask(tools, "external_tool.requested", call, "session.tools.handlePendingToolCall");
  expect(answer).toHaveProperty("error", "by zero");
  await eventually(() => warnings.length > 0, "a warning");
  expect(warnings).toEqual(['CopilotHandlerWarning: the tool handler "divide" failed: Error: by zero']);
});

it("listeners that throw or reject", async () => {
  const { client, session } = await opened({});
  const later = (): never => Promise.reject(new Error("later")) as never;
  session.on((event) => later.call(event));
  session.on("session.idle", function whenIdle() {
    throw new Error("now");
  });
  let seen = 0;
  session.on(() => void (seen += 1));
  for (let time = 0; time < 2; time += 1) {
    await client.request("fake.emit", {
      sessionId: session.sessionId,
      event: { type: "session.idle", data: {} },
    });
  }
  await eventually(() => seen === 2 && warnings.length === 2, "both events and both warnings");
  expect(warnings).toEqual([
    'CopilotHandlerWarning: the event handler "whenIdle" failed: Error: now',
    "CopilotHandlerWarning: the event handler failed: Error: later",
  ]);
});
