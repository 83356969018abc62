/**
 * One test per group of behaviours on the real runtime, in the manner programs are written. A scripted model stands behind
 * it and records what it was asked, so that the tests also see what the runtime made of it.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

import {
  approveAll,
  CopilotClient,
  CopilotRequestHandler,
  defineTool,
  RuntimeConnection,
  type CopilotRequestContext,
  type CopilotSession,
  type ResumeSessionConfig,
  type SessionConfig,
  type SessionEvent,
  type SessionFsFileInfo,
  type SessionFsProvider,
} from "../dist/index.js";
import { eventually, newDirectory, REAL_RUNTIME, startModel } from "./peers.js";

interface ModelRequest {
  messages: { role: string; content: unknown }[];
  tools?: { function: { name: string } }[];
  model: string;
}

let model: Awaited<ReturnType<typeof startModel>>;
let client: CopilotClient;
const open: CopilotSession[] = [];

const connection = () => RuntimeConnection.forStdio({ path: REAL_RUNTIME as string });
const root = (): string => new URL(model.url).origin;

/** Gives the model its replies for one test. */
async function replies(list: unknown[]): Promise<void> {
  await fetch(`${root()}/_reset`, { method: "POST" });
  await fetch(`${root()}/_script`, { method: "POST", body: JSON.stringify(list) });
}

async function asked(): Promise<ModelRequest[]> {
  return (await (await fetch(`${root()}/_requests`)).json()) as ModelRequest[];
}

const system = (request: ModelRequest | undefined): string =>
  JSON.stringify(request?.messages.filter(({ role }) => role === "system" || role === "developer"));

const config = (more: SessionConfig = {}): SessionConfig & ResumeSessionConfig => ({
  model: "scripted",
  provider: { type: "openai", baseUrl: model.url, apiKey: "none" },
  onPermissionRequest: approveAll,
  ...more,
});

async function session(more: SessionConfig = {}): Promise<CopilotSession> {
  const made = await client.createSession(config(more));
  open.push(made);
  return made;
}

const until = (probe: () => unknown): Promise<void> =>
  eventually(() => probe() !== undefined, "in time", 20_000);
const call = (name: string, args: object, when: object = { lastRole: "user" }) => ({
  when,
  toolCalls: [{ name, arguments: args }],
});
const done = { when: { lastRole: "tool" }, text: "done", repeat: true };

describe.skipIf(REAL_RUNTIME === undefined)("on the real runtime", () => {
  beforeAll(async () => {
    model = await startModel([]);
    client = new CopilotClient({
      connection: connection(),
      baseDirectory: newDirectory(),
      useLoggedInUser: false,
    });
    await client.start();
  }, 60_000);
  afterEach(async () => {
    for (const each of open.splice(0)) await each.disconnect().catch(() => undefined);
  });
  afterAll(async () => {
    await client.stop();
    model.stop();
  });

  it("tools: kinds of results, and an exception that the model does not see", async () => {
    await replies([
      call("first", { n: 1 }, { contains: "go" }),
      call("second", {}, { nth: 2 }),
      call("third", {}, { nth: 3 }),
      { when: { nth: 4 }, text: "done" },
    ]);
    const one = await session({
      tools: [
        defineTool("first", {
          parameters: z.object({ n: z.number() }),
          handler: ({ n }) => ({ doubled: n * 2 }),
        }),
        defineTool("second", {
          handler: () => ({ textResultForLlm: "not allowed", resultType: "failure" as const }),
        }),
        defineTool("third", {
          handler: () => {
            throw new Error("a secret detail");
          },
        }),
      ],
    });
    const answer = await one.sendAndWait("go");
    expect(answer?.data.content).toBe("done");
    const last = (await asked()).at(-1);
    const results = last?.messages
      .filter(({ role }) => role === "tool")
      .map(({ content }) => JSON.stringify(content));
    expect(results).toHaveLength(3);
    expect(results?.[0]).toContain("doubled");
    expect(results?.[1]).toContain("not allowed");
    expect(results?.[2]).not.toContain("a secret detail");
  });

  it("permissions: a refusal reaches the model, and nothing is written", async () => {
    const folder = newDirectory();
    await replies([call("bash", { command: `touch ${folder}/made`, description: "make" }), done]);
    const kinds: string[] = [];
    const one = await session({
      workingDirectory: folder,
      onPermissionRequest: ({ kind }) => {
        kinds.push(kind);
        return { kind: "reject", feedback: "not here" };
      },
    });
    const seen: SessionEvent[] = [];
    one.on((event) => seen.push(event));
    await one.sendAndWait("make a file");
    expect(kinds).toEqual(["shell"]);
    expect(existsSync(join(folder, "made"))).toBe(false);
    const completed = seen.find(({ type }) => type === "tool.execution_complete");
    expect((completed?.data as { success?: boolean }).success).toBe(false);
    const results = JSON.stringify((await asked()).at(-1)?.messages.at(-1));
    expect(results).toContain("not here");
  });

  it("hooks: they see a tool's call and change its result", async () => {
    await replies([call("look", { at: "x" }), done]);
    const order: string[] = [];
    const one = await session({
      tools: [defineTool("look", { handler: () => "plain" })],
      hooks: {
        onSessionStart: () => void order.push("start"),
        onUserPromptSubmitted: ({ prompt }) => {
          order.push(`prompt ${prompt}`);
          return { modifiedPrompt: "changed prompt" };
        },
        onPreToolUse: ({ toolName, timestamp, workingDirectory }) => {
          expect(timestamp).toBeInstanceOf(Date);
          expect(workingDirectory).toEqual(expect.any(String));
          order.push(`pre ${toolName}`);
          return { permissionDecision: "allow" };
        },
        onPostToolUse: ({ toolName }) => {
          order.push(`post ${toolName}`);
          return { additionalContext: "by the hook" };
        },
      },
    });
    await one.sendAndWait("hello");
    expect(order).toEqual(expect.arrayContaining(["prompt hello", "pre look", "post look"]));
    expect(order.indexOf("pre look")).toBeLessThan(order.indexOf("post look"));
    expect(JSON.stringify((await asked())[0]?.messages.at(-1))).toContain("changed prompt");
  });

  it("user input: the model's question is answered by the program", async () => {
    await replies([call("ask_user", { question: "Which colour?", choices: ["red", "blue"] }), done]);
    const questions: unknown[] = [];
    const one = await session({
      onUserInputRequest: (request) => {
        questions.push(request);
        return { answer: "blue", wasFreeform: false };
      },
    });
    await one.sendAndWait("ask me");
    expect(questions).toEqual([{ question: "Which colour?", choices: ["red", "blue"], allowFreeform: true }]);
    expect(JSON.stringify((await asked()).at(-1)?.messages.at(-1))).toContain("blue");
  });

  it("commands: one of the program's is run with its arguments", async () => {
    const runs: string[] = [];
    const one = await session({
      commands: [{ name: "deploy", description: "Deploys", handler: ({ args }) => void runs.push(args) }],
    });
    const { commands } = await one.rpc.commands.list({ includeClientCommands: true });
    expect(commands.map(({ name }) => name)).toContain("deploy");
    await one.rpc.commands.execute({ commandName: "deploy", args: "to the moon" });
    await until(() => runs[0]);
    expect(runs).toEqual(["to the moon"]);
  });

  it("the system message: replaced, appended to, and a section rewritten", async () => {
    const last = async (systemMessage: SessionConfig["systemMessage"]): Promise<string> => {
      await replies([]);
      const one = await session({ ...(systemMessage && { systemMessage }) });
      await one.sendAndWait("hi");
      return system((await asked()).at(-1));
    };
    expect(await last({ mode: "replace", content: "Only this." })).toContain("Only this.");
    const appended = await last({ content: "And this." });
    expect(appended).toContain("And this.");
    expect(appended.length).toBeGreaterThan(500);
    const customized = await last({
      mode: "customize",
      sections: { tone: { action: (text: string) => `LOUD ${String(text.length > 0)}` } },
    });
    expect(customized).toContain("LOUD true");
  });

  it("streaming: deltas add up to the message, and their absence is kept too", async () => {
    for (const streaming of [true, false]) {
      await replies([{ chunks: ["one ", "two ", "three"] }]);
      const one = await session({ streaming });
      let text = "";
      one.on("assistant.message_delta", ({ data }) => (text += data.deltaContent));
      const answer = await one.sendAndWait("count");
      expect(answer?.data.content).toBe("one two three");
      expect(text).toBe(streaming ? "one two three" : "");
    }
  });

  it("abort: a turn under way ends, and the session goes on", async () => {
    await replies([{ when: { contains: "slow" }, chunks: Array(200).fill("x"), chunkDelayMs: 100 }]);
    const one = await session({ streaming: true });
    const types: string[] = [];
    one.on(({ type }) => types.push(type));
    await one.send("slow please");
    await until(() => types.find((type) => type === "assistant.message_delta"));
    await one.abort();
    await until(() => types.find((type) => type === "session.idle"));
    expect(types).toContain("abort");
    await replies([{ text: "fresh" }]);
    expect((await one.sendAndWait("again"))?.data.content).toBe("fresh");
  });

  it("resume: by another client after the first runtime has ended, with the history", async () => {
    const home = newDirectory();
    const own = () =>
      new CopilotClient({ connection: connection(), baseDirectory: home, useLoggedInUser: false });
    await replies([{ text: "noted" }, { text: "I remember" }]);
    const first = own();
    const { sessionId } = await (async () => {
      const one = await first.createSession(config());
      await one.sendAndWait("my name is Ada");
      return one;
    })();
    await first.stop();
    const second = own();
    const one = await second.resumeSession(sessionId, config());
    expect((await one.sendAndWait("who am I?"))?.data.content).toBe("I remember");
    expect(JSON.stringify((await asked()).at(-1)?.messages)).toContain("my name is Ada");
    await second.stop();
  });

  it("fork: a copy with the same past and its own future", async () => {
    await replies([{ text: "one" }, { text: "two" }]);
    const one = await session();
    await one.sendAndWait("first");
    const { sessionId } = await client.rpc.sessions.fork({ sessionId: one.sessionId });
    const copy = await client.resumeSession(sessionId, config());
    open.push(copy);
    expect((await copy.sendAndWait("second"))?.data.content).toBe("two");
    expect(JSON.stringify((await asked()).at(-1)?.messages)).toContain("first");
    const said = (await one.getEvents()).filter(({ type }) => type === "user.message");
    expect(said).toHaveLength(1);
  });

  it("compaction: the history is summarised and the session goes on", async () => {
    await replies([{ text: "a long story", repeat: true }]);
    const one = await session();
    const types: string[] = [];
    one.on(({ type }) => types.push(type));
    await one.sendAndWait("tell me");
    await one.sendAndWait("more");
    const result = await one.rpc.history.compact({});
    expect(result.success).toBe(true);
    expect(types).toContain("session.compaction_complete");
    expect((await one.sendAndWait("go on"))?.data.content).toBe("a long story");
  });

  it("several clients of one runtime: events for both, the tool answered by its owner", async () => {
    await replies([call("shared", {}), done]);
    const first = new CopilotClient({
      connection: RuntimeConnection.forTcp({ path: REAL_RUNTIME as string, connectionToken: "between us" }),
      baseDirectory: newDirectory(),
      useLoggedInUser: false,
    });
    await first.start();
    const second = new CopilotClient({
      connection: RuntimeConnection.forUri(String(first.runtimePort), { connectionToken: "between us" }),
    });
    let calls = 0;
    const one = await first.createSession(
      config({ tools: [defineTool("shared", { handler: () => `call ${String(++calls)}` })] }),
    );
    const two = await second.resumeSession(one.sessionId, config());
    const seen: string[] = [];
    two.on(({ type }) => seen.push(type));
    expect((await one.sendAndWait("use it"))?.data.content).toBe("done");
    await until(() => seen.find((type) => type === "session.idle"));
    expect(seen).toContain("assistant.message");
    expect(calls).toBe(1);
    await second.stop();
    expect((await one.sendAndWait("still there?"))?.data.content).toContain("still there?");
    await first.stop();
  });

  it("MCP: a server over stdio offers a tool that the model calls", async () => {
    const folder = newDirectory();
    const server = join(folder, "server.mjs");
    writeFileSync(server, MCP_SERVER);
    await replies([call("probe-echo", { text: "hi" }), done]);
    const one = await session({
      mcpServers: { probe: { type: "local", command: process.execPath, args: [server], tools: ["*"] } },
    });
    await one.sendAndWait("use the server");
    const requests = await asked();
    expect(requests[0]?.tools?.map((tool) => tool.function.name)).toContain("probe-echo");
    expect(JSON.stringify(requests.at(-1)?.messages.at(-1))).toContain("echo: hi");
  });

  it("agents and skills: from the configuration and from a folder", async () => {
    const folder = newDirectory();
    mkdirSync(join(folder, "tea"));
    writeFileSync(
      join(folder, "tea", "SKILL.md"),
      "---\nname: tea\ndescription: Brews tea\n---\nBoil water.\n",
    );
    await replies([]);
    const one = await session({
      customAgents: [{ name: "critic", description: "Criticises", prompt: "Be harsh." }],
      skillDirectories: [folder],
    });
    const { agents } = await one.rpc.agent.list({});
    expect(agents.map(({ name }) => name)).toContain("critic");
    await one.rpc.agent.select({ name: "critic" });
    expect((await one.rpc.agent.getCurrent()).agent?.name).toBe("critic");
    await one.rpc.skills.ensureLoaded();
    const { skills } = await one.rpc.skills.list();
    expect(skills.map(({ name }) => name)).toContain("tea");
  });

  it("mode empty: the model is offered what was chosen, and nothing else", async () => {
    const own = new CopilotClient({
      connection: connection(),
      mode: "empty",
      baseDirectory: newDirectory(),
      useLoggedInUser: false,
    });
    await replies([]);
    const tools = [defineTool("mine", { handler: () => "x" })];
    const one = await own.createSession(config({ availableTools: ["custom:mine"], tools }));
    await one.sendAndWait("hi");
    const offered = (await asked()).at(-1)?.tools?.map((tool) => tool.function.name);
    expect(offered).toEqual(["mine"]);
    await expect(own.createSession(config())).rejects.toThrow(/empty.*availableTools/i);
    await own.stop();
  });

  it("elicitation: a form of the program travels through the runtime and back", async () => {
    const forms: string[] = [];
    const one = await session({
      onElicitationRequest: ({ message }) => {
        forms.push(message);
        return { action: "accept", content: { confirmed: true } };
      },
    });
    expect(one.capabilities.ui?.elicitation).toBe(true);
    expect(await one.ui.confirm("Really?")).toBe(true);
    expect(forms).toEqual(["Really?"]);
  });

  it("session files: kept by the program, and enough to go on with another runtime", async () => {
    const files = new MemoryFiles();
    const own = () =>
      new CopilotClient({
        connection: connection(),
        baseDirectory: newDirectory(),
        useLoggedInUser: false,
        sessionFs: { initialCwd: "/work", sessionStatePath: "/state", conventions: "posix" },
      });
    const withFiles = (): SessionConfig & ResumeSessionConfig =>
      config({ createSessionFsProvider: () => files });
    await replies([{ text: "noted" }, { text: "I remember" }]);
    const first = own();
    const { sessionId, ...one } = await first.createSession(withFiles()).then(async (made) => {
      await made.sendAndWait("my name is Ada");
      return made;
    });
    expect(one).toBeDefined();
    expect(await first.stop()).toEqual([]);
    expect([...files.texts.keys()].some((path) => path.startsWith("/state/"))).toBe(true);
    const second = own();
    const two = await second.resumeSession(sessionId, withFiles());
    expect((await two.sendAndWait("who am I?"))?.data.content).toBe("I remember");
    expect(JSON.stringify((await asked()).at(-1)?.messages)).toContain("my name is Ada");
    await second.stop();
  });

  it("files in a folder: kept by the engine, and enough to go on with another runtime", async () => {
    const folder = newDirectory();
    const own = () =>
      new CopilotClient({
        connection: connection(),
        baseDirectory: newDirectory(),
        useLoggedInUser: false,
        sessionFs: {
          initialCwd: "/work",
          sessionStatePath: "/state",
          conventions: "posix",
          store: { kind: "folder", path: folder },
        },
      });
    await replies([{ text: "noted" }, { text: "I remember" }]);
    const first = own();
    const { sessionId } = await first.createSession(config()).then(async (made) => {
      await made.sendAndWait("my name is Ada");
      return made;
    });
    await first.stop();
    expect(existsSync(join(folder, sessionId, "state", "events.jsonl"))).toBe(true);
    const second = own();
    const two = await second.resumeSession(sessionId, config());
    expect((await two.sendAndWait("who am I?"))?.data.content).toBe("I remember");
    expect(JSON.stringify((await asked()).at(-1)?.messages)).toContain("my name is Ada");
    await second.stop();
  });

  it("waits: concurrent messages get their own answers, and silence ends one", async () => {
    await replies([]);
    const one = await session();
    const fruits = ["apples", "pears", "plums"];
    const answers = await Promise.all(fruits.map((fruit) => one.sendAndWait(fruit)));
    for (const [at, fruit] of fruits.entries()) expect(answers[at]?.data.content).toContain(fruit);
    await replies([{ hang: true }, { text: "later" }]);
    await expect(one.sendAndWait("wait", 60_000, { inactivityTimeout: 1500 })).rejects.toThrow(
      /Timeout after 1500ms without an event/,
    );
    await one.abort();
    expect((await one.sendAndWait("now", 60_000, { until: "foreground" }))?.data.content).toBe("later");
  });

  it("structured answers: checked, and asked for again with what was wrong", async () => {
    await replies([{ text: "Paris" }, { text: '{"city": "Paris"}' }, { text: "?", repeat: true }]);
    const one = await session();
    const schema = z.object({ city: z.string() });
    const { value, tries } = await one.sendStructured("The capital of France?", schema);
    expect([value.city, tries]).toEqual(["Paris", 2]);
    expect(JSON.stringify((await asked()).at(-1)?.messages)).toContain("not JSON");
    const wanted = { type: "object", required: ["city"] };
    await expect(one.sendStructured("And of Spain?", wanted, { retries: 0 })).rejects.toMatchObject({
      kind: "SchemaMismatch",
    });
  });

  it("model requests: pass through the program, which sees and changes them", async () => {
    const urls: string[] = [];
    class Through extends CopilotRequestHandler {
      protected override async sendRequest(
        request: Request,
        context: CopilotRequestContext,
      ): Promise<Response> {
        urls.push(request.url);
        const changed = new Request(request, {
          headers: { ...Object.fromEntries(request.headers), "x-probe": "1" },
        });
        return await super.sendRequest(changed, context);
      }
    }
    const own = new CopilotClient({
      connection: connection(),
      baseDirectory: newDirectory(),
      useLoggedInUser: false,
      requestHandler: new Through(),
    });
    await replies([{ chunks: ["through ", "the program"] }]);
    const one = await own.createSession(config({ streaming: true }));
    expect((await one.sendAndWait("hi"))?.data.content).toBe("through the program");
    expect(urls).toEqual([`${model.url}/chat/completions`]);
    await own.stop();
  });

  it("lifecycle: sessions that come and go are told", async () => {
    const types: string[] = [];
    const off = client.onLifecycle(({ type }) => types.push(type));
    await replies([{ text: "x" }]);
    const one = await session();
    await one.sendAndWait("hi");
    await until(() => types.find((type) => type === "session.created"));
    await one.disconnect();
    await client.deleteSession(one.sessionId);
    await until(() => types.find((type) => type === "session.deleted"));
    off();
  });
});

/** Files in memory, as a program would write a provider. */
class MemoryFiles implements SessionFsProvider {
  readonly texts = new Map<string, string>();
  readonly folders = new Set<string>(["/"]);

  #missing(path: string): never {
    throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  }
  async readFile(path: string): Promise<string> {
    return await Promise.resolve(this.texts.get(path) ?? this.#missing(path));
  }
  async writeFile(path: string, content: string): Promise<void> {
    await Promise.resolve(this.texts.set(path, content));
  }
  async appendFile(path: string, content: string): Promise<void> {
    await this.writeFile(path, (this.texts.get(path) ?? "") + content);
  }
  async exists(path: string): Promise<boolean> {
    return await Promise.resolve(this.texts.has(path) || this.folders.has(path));
  }
  async stat(path: string): Promise<SessionFsFileInfo> {
    if (!(await this.exists(path))) this.#missing(path);
    const isFile = this.texts.has(path);
    const now = new Date().toISOString();
    return {
      isFile,
      isDirectory: !isFile,
      size: this.texts.get(path)?.length ?? 0,
      mtime: now,
      birthtime: now,
    };
  }
  async mkdir(path: string): Promise<void> {
    await Promise.resolve(this.folders.add(path));
  }
  async readdir(path: string): Promise<string[]> {
    return (await this.readdirWithTypes(path)).map(({ name }) => name);
  }
  async readdirWithTypes(path: string): Promise<{ name: string; type: "file" | "directory" }[]> {
    const head = path.endsWith("/") ? path : `${path}/`;
    const found = new Map<string, "file" | "directory">();
    for (const each of [...this.texts.keys(), ...this.folders]) {
      if (!each.startsWith(head) || each === head) continue;
      const [name = "", ...deeper] = each.slice(head.length).split("/");
      found.set(name, deeper.length > 0 || this.folders.has(each) ? "directory" : "file");
    }
    return await Promise.resolve([...found].map(([name, type]) => ({ name, type })));
  }
  async rm(path: string): Promise<void> {
    for (const each of [...this.texts.keys()]) {
      if (each === path || each.startsWith(`${path}/`)) this.texts.delete(each);
    }
    await Promise.resolve(this.folders.delete(path));
  }
  async rename(from: string, to: string): Promise<void> {
    this.texts.set(to, await this.readFile(from));
    this.texts.delete(from);
  }
}

/** An MCP server with one tool, line by line on its standard streams. */
const MCP_SERVER = `
import { createInterface } from "node:readline";
const reply = (id, result) => console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (method === "initialize") {
    const serverInfo = { name: "probe", version: "1.0.0" };
    reply(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo });
  } else if (method === "tools/list") {
    const inputSchema = { type: "object", properties: { text: { type: "string" } } };
    reply(id, { tools: [{ name: "echo", description: "Echoes", inputSchema }] });
  } else if (method === "tools/call") {
    reply(id, { content: [{ type: "text", text: "echo: " + params.arguments.text }] });
  } else if (id !== undefined) {
    reply(id, {});
  }
}
`;
