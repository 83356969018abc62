/** What the runtime asks of the program beside a conversation, and what it is told about the program. */
import { afterEach, describe, expect, it } from "vitest";

import {
  CopilotClient,
  createCanvas,
  RuntimeConnection,
  type GitHubTokenProviderArgs,
} from "../dist/index.js";
import { fakeClient, newDirectory, REAL_RUNTIME, received, startModel } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

interface Answer {
  result?: unknown;
  error?: { message: string; code: number; data?: unknown };
}

const ask = async (client: CopilotClient, method: string, params: object): Promise<Answer> =>
  (await client.request("fake.request", { method, params })) as Answer;

describe("the runtime asks for", () => {
  it("GitHub tokens, by the registration of the session", async () => {
    const { client, record } = fakeClient();
    clients.push(client);
    const asked: GitHubTokenProviderArgs[] = [];
    const gitHubTokenProvider = (args: GitHubTokenProviderArgs) => {
      asked.push(args);
      return { kind: "token" as const, accessToken: "t", expiresIn: 3600 };
    };
    await client.createSession({ gitHubTokenProvider });
    const [params] = received(record, "session.create");
    const registrationId = params?.["gitHubTokenProviderRegistrationId"];
    expect(registrationId).toEqual(expect.any(String));
    const wanted = { registrationId, host: "github.com", sessionId: "s", reason: "refresh" };
    const answer = await ask(client, "gitHubToken.getToken", wanted);
    expect(answer.result).toEqual({ kind: "token", accessToken: "t", expiresIn: 3600 });
    expect(asked).toEqual([{ host: "github.com", sessionId: "s", reason: "refresh" }]);
    const both = client.createSession({ gitHubTokenProvider, gitHubToken: "t" });
    await expect(both).rejects.toThrow("mutually exclusive");
  });

  it("canvases, with the session they are for", async () => {
    const { client } = fakeClient();
    clients.push(client);
    const opened: unknown[] = [];
    const board = createCanvas({
      id: "board",
      displayName: "Board",
      description: "A board",
      open: (context) => {
        opened.push(context);
        return { url: "http://board" };
      },
    });
    const { sessionId } = await client.createSession({ canvases: [board] });
    const where = { sessionId, canvasId: "board", instanceId: "i", extensionId: "e" };
    expect((await ask(client, "canvas.open", where)).result).toEqual({ url: "http://board" });
    expect(opened).toEqual([where]);
    const failed = await ask(client, "canvas.action.invoke", { ...where, actionName: "clear" });
    expect(failed.error?.data).toMatchObject({ code: "canvas_action_no_handler" });
  });
});

it("takes what newer runtimes know of tools, providers and hooks", async () => {
  const { client, record } = fakeClient();
  clients.push(client);
  const provider = { baseUrl: "http://127.0.0.1:9", modelProvider: "ollama", apiKeyCommand: "key" } as const;
  const namespace = { name: "travel", description: "Trips" };
  const seen: unknown[] = [];
  const { sessionId } = await client.createSession({
    provider,
    tools: [{ name: "t", namespace }],
    hooks: {
      onSubagentStart: ({ agentName }) => void seen.push(agentName),
      onSubagentStop: () => ({ decision: "block", reason: "go on" }),
    },
  });
  expect(received(record, "session.create")[0]).toMatchObject({
    provider,
    tools: [{ name: "t", namespace }],
  });
  const input = { timestamp: 0, cwd: "/", agentName: "a" };
  expect(await ask(client, "hooks.invoke", { sessionId, hookType: "subagentStart", input })).toMatchObject({
    result: {},
  });
  expect(seen).toEqual(["a"]);
  expect(await ask(client, "hooks.invoke", { sessionId, hookType: "subagentStop", input })).toMatchObject({
    result: { output: { decision: "block", reason: "go on" } },
  });
});

it("tells the runtime about the program", async () => {
  const clientInfo = { applicationName: "Editor", applicationVersion: "1", integrationVersion: "2" };
  const { client, record } = fakeClient([], { clientInfo });
  clients.push(client);
  await client.start();
  const [hello] = received(record, "connect");
  expect(hello?.["clientInfo"]).toEqual({ editorName: "Editor", editorVersion: "1", extensionVersion: "2" });
});

describe.skipIf(REAL_RUNTIME === undefined)("the runtime as a library of this process", () => {
  it("holds a conversation, and another after a stop", async () => {
    const model = await startModel([]);
    for (let round = 0; round < 2; round++) {
      const client = new CopilotClient({
        connection: RuntimeConnection.forInProcess(),
        baseDirectory: newDirectory(),
        useLoggedInUser: false,
      });
      const session = await client.createSession({
        model: "scripted",
        provider: { type: "openai", baseUrl: model.url, apiKey: "none" },
      });
      const answer = await session.sendAndWait("Hello");
      expect(answer?.data.content).toContain("You said");
      expect(await client.stop()).toEqual([]);
    }
    model.stop();
  });
});
