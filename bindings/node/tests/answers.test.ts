/** Every question is answered, whatever its handler does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

import { CopilotClient } from "../dist/index.js";
import { act, fakeClient } from "./peers.js";
import { QUESTIONS, type Asked, type Handler } from "./questions.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

async function asked(name: string, handler: Handler): Promise<{ answer: never; asked: Asked }> {
  const kind = QUESTIONS[name];
  if (!kind) throw new Error(`no such kind: ${name}`);
  const { client, record } = fakeClient(kind.script, kind.client?.(handler));
  clients.push(client);
  const session = await client.createSession({ ...kind.session?.(handler) });
  const who = { client, session, record };
  return { answer: (await kind.ask(who)) as never, asked: who };
}

const KINDS = Object.keys(QUESTIONS);

it("the tests know every kind of question", () => {
  const file = join(import.meta.dirname, "..", "..", "..", "tests", "conformance", "kinds.json");
  const kinds = JSON.parse(readFileSync(file, "utf8")) as { name: string }[];
  // These two are asked in ahp-hosts.test.ts.
  expect(new Set([...KINDS, "uiThread", "ahpHost"])).toEqual(new Set(kinds.map(({ name }) => name)));
});

/** Things that are hard to look at. */
const unreadable = new Proxy(
  {},
  {
    get: () => {
      throw new Error("do not look");
    },
    getPrototypeOf: () => {
      throw new Error("do not ask");
    },
  },
);

class Mute extends Error {
  override get message(): string {
    throw new Error("no text");
  }
}

const FAULTS: Record<string, unknown> = {
  "an error": new Error("it failed"),
  nothing: undefined,
  "a text": "it failed",
  "a frozen object": Object.freeze({ code: "X" }),
  "an error whose text cannot be read": new Mute(),
  "an error whose text is no text": Object.assign(new Error("x"), { message: 7 }),
  "an object that cannot be looked at": unreadable,
  "half a character": new Error("\ud83d"),
};

describe.each(KINDS)("a %s handler that", (name) => {
  it.each(Object.entries(FAULTS))("throws %s is answered for", async (_, fault) => {
    let calls = 0;
    const { answer } = await asked(name, () => {
      calls += 1;
      throw fault;
    });
    expect(calls).toBe(1);
    expect(QUESTIONS[name]?.failed(answer)).toBeTruthy();
  });

  it("rejects, returns a thenable that rejects twice, or one that throws is answered for", async () => {
    const twice = {
      then(_: unknown, reject: (error: Error) => void): void {
        reject(new Error("once"));
        reject(new Error("twice"));
      },
    };
    const broken = {
      then(): void {
        throw new Error("no then");
      },
    };
    for (const result of [() => Promise.reject(new Error("no")), () => twice, () => broken]) {
      const { answer } = await asked(name, result);
      expect(QUESTIONS[name]?.failed(answer)).toBeTruthy();
    }
  });
});

describe("an answer without a JSON form", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  const bad = {
    "a BigInt": { answer: 1n, wasFreeform: true },
    "a cycle": cycle,
    "a toJSON that throws": {
      toJSON: () => {
        throw new Error("not me");
      },
    },
  };

  it.each(Object.entries(bad))("%s becomes an error that says so", async (_, value) => {
    const { answer } = await asked("userInput", () => value);
    expect((answer as { error: { message: string } }).error.message).toMatch(/cannot be written as JSON/);
  });

  it("from a tool becomes the tool's error", async () => {
    const { answer } = await asked("tool", () => ({ value: 1n }));
    expect(QUESTIONS["tool"]?.failed(answer)).toMatch(/BigInt/);
  });
});

describe("half a character", () => {
  const HALF = "\ud83d and more";
  const WHOLE = "\ufffd and more";

  it("in an answer reaches the runtime repaired", async () => {
    const input = await asked("userInput", () => ({ answer: HALF, wasFreeform: true }));
    expect(input.answer).toEqual({ result: { answer: WHOLE, wasFreeform: true } });
    const tool = (await asked("tool", () => HALF)).answer as { result: { textResultForLlm: string } };
    expect(JSON.stringify(tool)).toContain(WHOLE);
    const refused = await asked("permission", () => ({ kind: "reject", feedback: HALF }));
    expect(refused.answer).toMatchObject({ result: { feedback: WHOLE } });
  });

  it("in an error, a prompt, a method and its arguments too", async () => {
    const failing: Handler = () => {
      throw new Error(HALF);
    };
    const { answer, asked: who } = await asked("userInput", failing);
    expect(answer).toMatchObject({ error: { message: WHOLE } });
    await who.session.send(HALF);
    await who.client.request(`fake.echo`, { text: HALF }).then((echoed) => {
      expect(echoed).toEqual({ text: WHOLE });
    });
    await expect(who.client.request(`no.${HALF}`)).rejects.toThrow(/-32601|not found|no\./);
    const sent = (await who.client.request("fake.received", { method: "session.send" })) as {
      messages: { params: { prompt: string } }[];
    };
    expect(sent.messages[0]?.params.prompt).toBe(WHOLE);
  });
});

it("a question whose arguments are no JSON is answered with an error", async () => {
  const { client } = fakeClient();
  clients.push(client);
  const session = await client.createSession({
    sessionId: "s",
    onUserInputRequest: () => ({ answer: "x", wasFreeform: true }),
  });
  const body =
    '{"jsonrpc":"2.0","id":777,"method":"userInput.request","params":{"sessionId":"s","question":01}}';
  await act(client, session.sessionId, { raw: { body } }, { sleep: 50 });
  expect(await client.ping("still here")).toMatchObject({ message: "pong: still here" });
});
