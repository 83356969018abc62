/** Against the real runtime, offline: a scripted model stands behind it. Runs where COPILOT_CLI_PATH names a runtime. */
import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import {
  approveAll,
  CopilotClient,
  defineTool,
  RuntimeConnection,
  type SessionConfig,
} from "../dist/index.js";
import { newDirectory, REAL_RUNTIME, startModel } from "./peers.js";

const EXAMPLE = join(import.meta.dirname, "..", "..", "..", "examples", "node");

function realClient(): CopilotClient {
  const connection = RuntimeConnection.forStdio({ path: REAL_RUNTIME as string });
  return new CopilotClient({ connection, baseDirectory: newDirectory(), useLoggedInUser: false });
}

const withModel = (url: string): SessionConfig => ({
  model: "scripted",
  provider: { type: "openai", baseUrl: url, apiKey: "none" },
  streaming: true,
  onPermissionRequest: approveAll,
});

describe.skipIf(REAL_RUNTIME === undefined)("the real runtime", () => {
  it("holds a conversation in which a tool is called", async () => {
    const model = await startModel([
      { when: { contains: "weather" }, toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] },
      { when: { lastRole: "tool" }, chunks: ["It is ", "snowing."] },
    ]);
    await using client = realClient();
    const cities: string[] = [];
    const getWeather = defineTool("get_weather", {
      description: "The weather in a city",
      parameters: z.object({ city: z.string() }),
      handler: ({ city }) => {
        cities.push(city);
        return { sky: "snow" };
      },
    });
    await using session = await client.createSession({ ...withModel(model.url), tools: [getWeather] });
    let streamed = "";
    let used = 0;
    session.on("assistant.message_delta", ({ data }) => (streamed += data.deltaContent));
    session.on("assistant.usage", ({ data }) => (used += data.inputTokens ?? 0));
    const answer = await session.sendAndWait("How is the weather?");
    expect(answer?.data.content).toBe("It is snowing.");
    expect(streamed).toBe("It is snowing.");
    expect(cities).toEqual(["Oslo"]);
    expect(used).toBeGreaterThan(0);
    const types = (await session.getEvents()).map(({ type }) => type);
    expect(types).toContain("tool.execution_complete");
    expect((await session.rpc.model.getCurrent()).modelId).toBeDefined();
    model.stop();
  });

  it("answers questions about itself", async () => {
    await using client = realClient();
    await client.start();
    expect((await client.getStatus()).protocolVersion).toBe(3);
    expect((await client.getAuthStatus()).isAuthenticated).toBe(false);
    expect((await client.ping("x")).message).toBe("pong: x");
    expect(await client.listSessions({ workingDirectory: "/nowhere" })).toEqual([]);
    expect(await client.getSessionMetadata("unknown")).toBe(undefined);
    expect(await client.getLastSessionId()).toBe(undefined);
    await expect(client.deleteSession("unknown")).rejects.toThrow("Failed to delete session unknown");
    await expect(client.resumeSession("unknown", {})).rejects.toMatchObject({
      name: "Error",
      kind: "Rpc",
      code: -32603,
    });
    expect((await client.rpc.tools.list({})).tools.length).toBeGreaterThan(5);
    expect(await client.stop()).toEqual([]);
  });

  it("remembers a session that is resumed", async () => {
    const model = await startModel([{ repeat: true, text: "noted" }]);
    await using client = realClient();
    const first = await client.createSession(withModel(model.url));
    await first.sendAndWait("remember this");
    await first.disconnect();
    await expect(first.getEvents()).rejects.toThrow("Session not found");
    const [listed] = await client.listSessions();
    expect(listed).toMatchObject({ sessionId: first.sessionId, isRemote: false });
    expect(listed?.startTime).toBeInstanceOf(Date);
    const again = await client.resumeSession(first.sessionId, withModel(model.url));
    const said = (await again.getEvents()).filter((event) => event.type === "user.message");
    expect(said[0]?.data.content).toBe("remember this");
    model.stop();
  });

  it("runs the example", async () => {
    const model = await startModel({ demo: true, replies: [] });
    const modules = newDirectory();
    mkdirSync(join(modules, "node_modules"));
    symlinkSync(join(import.meta.dirname, ".."), join(modules, "node_modules", "copilot-native"));
    const program = join(modules, "chat.mjs");
    symlinkSync(join(EXAMPLE, "chat.mjs"), program);
    const env = { ...process.env, COPILOT_MODEL_URL: model.url, COPILOT_HOME: modules };
    const args = ["--preserve-symlinks", "--preserve-symlinks-main", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toContain("[tool] get_weather(Paris)");
    expect(stdout).toContain("The tool said: Sunny, 21 degrees in Paris");
    expect(stdout).toMatch(/\[usage\] \d+ tokens in, \d+ tokens out/);
    model.stop();
  });
});
