/** What a program is told that gives something wrong: the option as it wrote it, what was expected, what it gave. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";

import { CopilotClient, RuntimeConnection, defineTool, type SessionConfig } from "../dist/index.js";
import { fakeClient, fakeRuntime, received } from "./peers.js";

const clients: CopilotClient[] = [];
const warnings: string[] = [];
const note = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
beforeEach(() => process.on("warning", note));
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
  process.off("warning", note);
  warnings.splice(0);
});

function started(): ReturnType<typeof fakeClient> {
  const made = fakeClient();
  clients.push(made.client);
  return made;
}

/** What is thrown, now or later. */
async function thrown(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

const text = (): unknown => "x";
const noHandler = { handler: text };

describe("options of a session", () => {
  it.each([
    [{ model: 5 }, "model: expected a string, got 5"],
    [{ streaming: [1] }, "streaming: expected true or false, got a list"],
    [{ systemMessage: "x" }, "systemMessage: expected an object, got a string"],
    [{ provider: "x" }, "provider: expected an object, got a string"],
    [{ mcpServers: [1] }, "mcpServers: expected an object, got a list"],
    [{ availableTools: "bash" }, "availableTools: expected a list, got a string"],
    [{ tools: text }, "tools: expected a list, got [Function: text]"],
    [
      { tools: [text] },
      "tools[0]: expected a tool, got [Function: text]; defineTool(name, { handler }) makes one",
    ],
    [{ tools: [{ name: "t", handler: 5 }] }, 'handler of tool "t": expected a function, got 5'],
    [{ hooks: { onPreToolUse: 5 } }, "hooks.onPreToolUse: expected a function, got 5"],
    [{ hooks: [text] }, "hooks: expected an object of functions, got a list"],
    [{ onPermissionRequest: 5 }, "onPermissionRequest: expected a function, got 5"],
  ])("%j", async (config, said) => {
    const error = await thrown(() => started().client.createSession(config as unknown as SessionConfig));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(said);
  });

  it.each([
    [z.string(), 'must be a JSON Schema of an object ("type": "object"), got "type": "string"'],
    [z.union([z.string(), z.number()]), 'got "type": ["string","number"]'],
    [z.object({ at: z.date() }), "cannot be written as JSON Schema: "],
    [{ _def: {}, safeParse: text }, "is a schema of zod 3"],
    [text, "must be a schema, not the function [Function: text]"],
    [{ type: "array" }, 'got "type": "array"'],
  ])("a schema that is none of an object", async (parameters, said) => {
    const tool = { ...defineTool("lookup", noHandler), parameters } as never;
    const error = await thrown(() => started().client.createSession({ tools: [tool] }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('tool "lookup": parameters ');
    expect(error.message).toContain(said);
  });

  it("takes flags as programs write them", async () => {
    const { client, record } = started();
    await client.createSession({ streaming: "yes" as never });
    expect(received(record, "session.create").at(-1)).toHaveProperty("streaming", true);
  });

  it("warns of unknown hooks", async () => {
    await started().client.createSession({ hooks: { onPreTolUse: text } as never });
    const said = 'hooks: "onPreTolUse" is not the name of a hook; did you mean "onPreToolUse"?';
    expect(warnings).toContain(`CopilotOptionWarning: ${said}`);
  });
});

describe("options of a client", () => {
  it.each([
    [
      { connection: "localhost:1" },
      "connection: expected a RuntimeConnection, got a string; RuntimeConnection.forUri() makes one of an address",
    ],
    [{ connection: { kind: "stdio", path: 5 } }, "connection.path: expected a string, got 5"],
    [{ connection: { kind: "stdio", args: "-x" } }, "connection.args: expected a list, got a string"],
    [{ env: { SECRET: 5 } }, "env.SECRET: expected a string, got a number"],
  ])("%j", async (options, said) => {
    const error = await thrown(() => new CopilotClient(options as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(said);
  });

  it("says what an address is", () => {
    const said = 'url: expected an address such as "localhost:3000", got undefined';
    expect(() => RuntimeConnection.forUri(undefined as never)).toThrow(new TypeError(said));
  });

  it("says what replaced the options of older packages", async () => {
    const connection = RuntimeConnection.forStdio({ path: fakeRuntime() });
    const old = { connection, cliPath: "/x", autoStart: false, workingDirektory: "/" } as never;
    clients.push(new CopilotClient(old), new CopilotClient(old));
    await new Promise(setImmediate);
    const head = "CopilotOptionWarning: the client option";
    expect(warnings).toEqual([
      `${head} "cliPath" is not known and has no effect; use connection: RuntimeConnection.forStdio({ path })`,
      `${head} "autoStart" is not known and has no effect; a client starts with its first session`,
      `${head} "workingDirektory" is not known and has no effect; did you mean "workingDirectory"?`,
    ]);
  });
});

describe("a secret in the wrong place", () => {
  const secret = "canary-0123456789";

  it.each(["provider", "mcpServers", "hooks", "tools", "systemMessage", "commands", "onPermissionRequest"])(
    "does not show: %s",
    async (option) => {
      for (const value of [secret, [secret], [[{ headers: secret }]]]) {
        const config = { [option]: value } as SessionConfig;
        const error = await thrown(() => started().client.createSession(config));
        expect(error.message).not.toContain(secret);
      }
    },
  );

  it("does not show in options of a client", async () => {
    for (const options of [{ connection: secret }, { env: [secret] }, { telemetry: secret }]) {
      const error = await thrown(() => new CopilotClient(options as never));
      expect(error.message).not.toContain(secret);
    }
  });
});

describe("messages", () => {
  const abort = AbortSignal.abort();

  it.each([
    [[5], "prompt: expected a string, got 5"],
    [[undefined], "prompt must not be empty"],
    [[{ prompt: "x", attachments: "x" }], "attachments: expected a list, got a string"],
    [["x", "soon"], "timeout: expected a number of milliseconds, got a string"],
    [["x", Number.NaN], "timeout: expected a number of milliseconds, got NaN"],
    [
      ["x", { signal: abort }],
      "timeout: expected a number of milliseconds, got an object; " +
        "signal and other options of the wait are the next argument",
    ],
    [["x", 10, { signal: 5 }], "signal: expected an AbortSignal, got 5"],
  ])("%j", async (args, said) => {
    const session = await started().client.createSession({});
    const error = await thrown(() => session.sendAndWait(...(args as unknown as [string])));
    expect(error.message).toBe(said);
  });

  it("takes a time as text, as timers do", async () => {
    const { client } = started();
    const session = await client.createSession({});
    const silent = { on: { method: "session.send" }, do: [{ reply: { result: { messageId: "m" } } }] };
    await client.request("fake.script", { script: [silent] });
    const error = await thrown(() => session.sendAndWait("x", "20" as never));
    expect(error.message).toMatch(/^Timeout after 20ms/);
  });

  it("takes a signal beside the message and as the last argument", async () => {
    const session = await started().client.createSession({});
    for (const work of [
      () => session.send({ prompt: "x", signal: abort }),
      () => session.send("x", { signal: abort }),
      () => session.sendAndWait({ prompt: "x", signal: abort }),
      () => session.sendAndWait("x", undefined, { signal: abort }),
      () => session.sendStructured("x", {}, { signal: abort }),
    ]) {
      expect(await thrown(work)).toBe(abort.reason);
    }
  });

  it("refuses a signal among the params of the runtime", async () => {
    const { client } = started();
    const session = await client.createSession({});
    const misplaced = { signal: abort } as never;
    for (const work of [
      () => client.request("ping", misplaced),
      () => session.rpc.model.switchTo(misplaced),
    ]) {
      expect((await thrown(work)).message).toContain(
        "signal belongs in the last argument, not in the params",
      );
    }
  });
});

describe("stacks", () => {
  it("name the caller of a call that failed", async () => {
    const { client } = started();
    async function theCallerOfIt(): Promise<void> {
      await client.createSession({});
      await client.request("no.such.method");
    }
    expect((await thrown(theCallerOfIt)).stack).toContain("theCallerOfIt");
  });

  it("name the caller of a start that failed", async () => {
    const client = new CopilotClient({
      connection: RuntimeConnection.forStdio({ path: "/no/such/runtime" }),
    });
    clients.push(client);
    async function theStarter(): Promise<void> {
      await client.start();
    }
    expect((await thrown(theStarter)).stack).toContain("theStarter");
  });
});
