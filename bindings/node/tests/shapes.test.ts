/** Events that are put together from a shape and values cannot be told from events that were parsed. */
import { afterEach, expect, it } from "vitest";

import { CopilotClient, type SessionEvent } from "../dist/index.js";
import { act, fakeClient } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

const LONG = 'He said “naïve” — größer als 5 °C: \\"ok\\", 東京 🙂.\\nC:\\\\new\\u00e9\\ud83d\\ude42 '.repeat(
  30,
);

/** Texts as JSON writes them, without their quotes. */
const TEXTS = [
  "",
  "plain",
  "größer",
  "“東京” 🙂",
  '\\"quoted\\"\\n\\t\\\\ \\/ \\u0000',
  "\\ud800 alone",
  "\\ud83d\\ude42 by escapes",
  "x".repeat(1000),
  `${"x".repeat(300)}\\n`,
  "ü".repeat(300),
  "東".repeat(300),
  `${LONG}\\udc00`,
];

const envelope = (n: number): string =>
  `"id":"id-${String(n)}","timestamp":"2026-01-02T03:04:05.${String(100 + Math.floor(n / 7))}Z","parentId":null`;

/** Makers of an event's text; each one's events share a shape, but for the last one's, which cannot have one. */
const MAKERS: ((text: string, n: number) => string)[] = [
  (text, n) => `{"type":"delta","data":{"messageId":"m-0123456789","deltaContent":"${text}"},${envelope(n)}}`,
  (text, n) =>
    `{"type":"delta","data":{"n":${String(n / 8)},"messageId":"${text}"},"ephemeral":true,${envelope(n)}}`,
  (text, n) => `{ "type" : "spaced" , "agentId" : "${text}", "data" : { }, ${envelope(n)} }`,
  (text, n) => `{"type":"none","${n % 2 === 0 ? "more" : "other"}":"${text}",${envelope(n)}}`,
  (text, n) => `{"type":"numbers","data":{"a":-1.5e3,"b":${"1".repeat(280)},"7":"${text}"},${envelope(n)}}`,
  (text, n) => `{"type":"\\u0064elta","data":{"__proto__":"${text}","a":true,"b":false},${envelope(n)}}`,
  (text, n) => `{"type":"twice","id":"first","data":{"a":"${text}","a":2},${envelope(n)}}`,
  (text, n) => `{"type":"deep","data":{"a":["${text}"]},${envelope(n)}}`,
];

function frame(sessionId: string, event: string): object {
  const body = `{"jsonrpc":"2.0","method":"session.event","params":{"sessionId":"${sessionId}","event":${event}}}`;
  return { raw: { body } };
}

async function delivered(events: readonly string[]): Promise<SessionEvent[]> {
  const { client } = fakeClient();
  clients.push(client);
  const session = await client.createSession({});
  const seen: SessionEvent[] = [];
  session.on((event) => void seen.push(event));
  await act(client, session.sessionId, ...events.map((event) => frame(session.sessionId, event)));
  return seen;
}

/** The same, down to prototypes, the order of members and who owns them. */
function expectSame(seen: unknown, expected: unknown): void {
  expect(seen).toStrictEqual(expected);
  expect(JSON.stringify(seen)).toBe(JSON.stringify(expected));
  expect(structuredClone(seen)).toStrictEqual(structuredClone(expected));
  expect({ ...(seen as object) }).toStrictEqual({ ...(expected as object) });
  const described = (event: unknown): unknown =>
    [event, (event as { data?: unknown }).data ?? {}].map((part) => [
      Object.getPrototypeOf(part) as unknown,
      Object.getOwnPropertyDescriptors(part),
    ]);
  expect(described(seen)).toStrictEqual(described(expected));
}

it.each(MAKERS.map((make, index) => [index, make] as const))("events of one kind (%i)", async (_, make) => {
  const texts = [...TEXTS, ...TEXTS, ...[...TEXTS].reverse()];
  const events = texts.map((text, n) => make(text, n));
  const seen = await delivered(events);
  expect(seen).toHaveLength(events.length);
  for (const [at, event] of events.entries()) expectSame(seen[at], JSON.parse(event));
});

it("kinds of events in turn, more of them than there are shapes", async () => {
  const types = Array.from({ length: 50 }, (_, n) => `t${String(n)}`);
  const events = Array.from({ length: 12 }, (_, round) => round).flatMap((round) =>
    types.slice(0, 5 + round * 4).flatMap((type, n) => {
      const text = TEXTS[(round + n) % TEXTS.length] as string;
      const event = `{"type":"${type}","data":{"text":"${text}","same":"0123456789"},${envelope(n)}}`;
      return [event, event, ...MAKERS.slice(0, 3).map((make) => make(text, round))];
    }),
  );
  const seen = await delivered(events);
  expect(seen).toHaveLength(events.length);
  for (const [at, event] of events.entries()) expectSame(seen[at], JSON.parse(event));
});

it("what a handler does to one event changes no other", async () => {
  const { client } = fakeClient();
  clients.push(client);
  const session = await client.createSession({});
  const seen: string[] = [];
  session.on((event) => {
    seen.push(JSON.stringify(event));
    const members = event as unknown as { data: Record<string, unknown>; id?: unknown; parentId: unknown };
    members.data["messageId"] = "changed";
    members.data["more"] = 1;
    members.parentId = "changed";
    delete members.id;
  });
  const events = TEXTS.map((text, n) => (MAKERS[0] as (text: string, n: number) => string)(text, n));
  await act(client, session.sessionId, ...events.map((event) => frame(session.sessionId, event)));
  expect(seen).toEqual(events.map((event) => JSON.stringify(JSON.parse(event))));
});

it("beside an event that is no JSON", async () => {
  const make = MAKERS[0] as (text: string, n: number) => string;
  const events = TEXTS.flatMap((text, n) => [
    make(text, n),
    `{"type":"bad","data":{"x":"a\nb"},"n":${String(n)}}`,
  ]);
  const seen = await delivered(events);
  expect(seen).toHaveLength(events.length);
  for (const [at, event] of events.entries()) {
    if (at % 2 === 0) expectSame(seen[at], JSON.parse(event));
    else expect((seen[at] as unknown as { raw: string }).raw).toBe(event);
  }
});
