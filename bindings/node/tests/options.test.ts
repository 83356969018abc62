/** Options: named by the engine's table; what it does not know travels through `extra` or is warned of. */
import { afterEach, expect, it } from "vitest";

import {
  approveAll,
  defaultJoinSessionPermissionHandler,
  defineTool,
  type CopilotClient,
  type CurrentToolMetadata,
} from "../dist/index.js";
import { fakeClient, received } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

const start = (script: unknown[] = []) => {
  const { client, record } = fakeClient(script);
  clients.push(client);
  return { client, sent: (method: string) => received(record, method).at(-1) };
};

it("what the table does not know travels through extra", async () => {
  const { client, sent } = start();
  const tools = [defineTool("t", { description: "d", extra: { color: "red" } })];
  const session = await client.createSession({ tools, extra: { newOption: { on: true }, model: "m" } });
  await session.send({ prompt: "x", extra: { newMember: 1 } });
  expect(sent("session.create")).toMatchObject({
    newOption: { on: true },
    model: "m",
    tools: [{ name: "t", description: "d", color: "red" }],
  });
  expect(sent("session.send")).toMatchObject({ prompt: "x", newMember: 1 });
});

it("an option nobody knows is warned of once, with the nearest one", async () => {
  const { client, sent } = start();
  const warnings: Error[] = [];
  const see = (warning: Error) => warnings.push(warning);
  process.on("warning", see);
  for (let round = 0; round < 2; round++) {
    await client.createSession({ workingDirektory: "/x", onPermisionRequest: () => 1 } as object);
  }
  await new Promise(setImmediate);
  process.off("warning", see);
  expect(warnings.map(({ message }) => /"(\w+)".*"(\w+)"/.exec(message)?.slice(1))).toEqual([
    ["workingDirektory", "workingDirectory"],
    ["onPermisionRequest", "onPermissionRequest"],
  ]);
  expect(sent("session.create")).not.toHaveProperty("workingDirektory");
});

it("names differ from the wire where the table says so; functions stay here and are marked", async () => {
  const { client, sent } = start();
  await client.createSession({
    configDirectory: "/c",
    enableExperimentalMode: true,
    enableMcpApps: true,
    largeOutput: { outputDirectory: "/o" },
    mcpServers: { m: { command: "c", workingDirectory: "/w" } },
    systemMessage: {
      mode: "customize",
      sections: { tone: { action: (text) => text }, safety: { action: "remove" } },
    },
    providers: [{ name: "n", baseUrl: "http://x", bearerTokenProvider: () => Promise.resolve("t") }],
  });
  expect(sent("session.create")).toMatchObject({
    configDir: "/c",
    isExperimentalMode: true,
    requestMcpApps: true,
    largeOutput: { outputDir: "/o" },
    mcpServers: { m: { command: "c", cwd: "/w" } },
    systemMessage: {
      mode: "customize",
      sections: { tone: { action: "transform" }, safety: { action: "remove" } },
    },
    providers: [{ name: "n", baseUrl: "http://x", hasBearerTokenProvider: true }],
  });
});

it("a tool search is told of the tools", async () => {
  const asked = { requestId: "r", toolCallId: "c", toolName: "tool_search_tool", arguments: {} };
  const { client } = start([
    {
      on: { method: "session.send" },
      do: [
        { reply: "default" },
        { event: { type: "external_tool.requested", data: asked } },
        { expect: { method: "session.tools.handlePendingToolCall" } },
        { event: { type: "session.idle", data: {} } },
      ],
    },
    {
      on: { method: "session.tools.getCurrentMetadata" },
      do: [{ reply: { result: { tools: [{ name: "view", description: "d" }] } } }],
    },
  ]);
  let seen: CurrentToolMetadata[] | undefined;
  const search = defineTool("tool_search_tool", {
    handler: (_args, { availableTools }) => {
      seen = availableTools;
      return "";
    },
  });
  const session = await client.createSession({ tools: [search] });
  await session.sendAndWait("go");
  expect(seen).toEqual([{ name: "view", description: "d" }]);
});

it("the environment is read when the runtime starts", async () => {
  const env: Record<string, string | undefined> = { ...process.env };
  const { client } = fakeClient([], { env });
  clients.push(client);
  env["ADDED_LATER"] = "yes";
  env["PATH"] = undefined;
  await client.createSession({});
  const info = (await client.request("fake.info")) as { env: Record<string, string> };
  expect(info.env["ADDED_LATER"]).toBe("yes");
  expect(info.env).not.toHaveProperty("PATH");
});

it.each([
  ["without a handler", undefined, false, true],
  ["with a handler", approveAll, true, true],
  ["with an extension's default handler", defaultJoinSessionPermissionHandler, true, false],
])("permission is asked for %s", async (_, onPermissionRequest, created, resumed) => {
  const { client, sent } = start();
  const config = onPermissionRequest ? { onPermissionRequest } : {};
  await client.createSession(config);
  expect(sent("session.create")?.["requestPermission"]).toBe(created);
  const { sessionId } = await client.createSession({});
  await client.resumeSession(sessionId, config);
  expect(sent("session.resume")?.["requestPermission"]).toBe(resumed);
});
