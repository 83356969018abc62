/** Rules that are the engine's, seen through this package: managed policy, results of MCP tools. */
import { afterEach, describe, expect, it } from "vitest";

import {
  approveAll,
  convertMcpCallToolResult,
  CopilotClient,
  type McpCallToolResult,
  type PermissionInvocation,
} from "../dist/index.js";
import { act, DIST_URL, eventually, fakeClient, newDirectory, received, runNode } from "./peers.js";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

const KINDS =
  "shell write read mcp url memory custom-tool hook extension-management factory extension-permission-access " +
  "extension-env-access brand-new";
const RESERVED = [true, "yes", 1, 0, "", [], {}];
const FREE = [undefined, null, false];
const METHOD = "session.permissions.handlePendingPermissionRequest";

/** What was answered to the requests, by id; those left alone are missing. */
async function decided(
  requests: object[],
  invocations: PermissionInvocation[],
): Promise<Map<unknown, unknown>> {
  const { client, record } = fakeClient();
  clients.push(client);
  const session = await client.createSession({
    onPermissionRequest: (request, invocation) => {
      invocations.push({ ...invocation });
      return approveAll(request, invocation);
    },
  });
  const last = { kind: "read", path: "p", intention: "i" };
  const events = [...requests, last].map((permissionRequest, requestId) => ({
    event: { type: "permission.requested", data: { requestId: String(requestId), permissionRequest } },
  }));
  await act(client, session.sessionId, ...events);
  const answers = () =>
    new Map(
      received(record, METHOD).map(({ requestId, result }) => [requestId, (result as { kind: string }).kind]),
    );
  await eventually(() => answers().has(String(requests.length)), "the last request is answered");
  await client.ping();
  return answers();
}

describe.each(KINDS.split(" "))("approveAll, asked for %s,", (kind) => {
  it("leaves alone what managed policy reserves for a person, and approves the rest", async () => {
    const reserved = RESERVED.map((managedApprovalRequired) => ({ kind, managedApprovalRequired }));
    const free = FREE.map((managedApprovalRequired) => ({ kind, managedApprovalRequired }));
    const invocations: PermissionInvocation[] = [];
    const answers = await decided([...reserved, ...free], invocations);
    const wanted = [...reserved, ...free].map((_, index) =>
      index < reserved.length ? undefined : "approve-once",
    );
    expect(wanted.map((_, index) => answers.get(String(index)))).toEqual(wanted);
    expect(invocations.filter(({ needsHuman }) => needsHuman)).toHaveLength(reserved.length);
  });

  it("decides the same when a program calls it itself", async () => {
    const decide = async (managedApprovalRequired: unknown): Promise<unknown> =>
      await approveAll({ kind, managedApprovalRequired } as never, { sessionId: "s" });
    for (const mark of RESERVED) expect(await decide(mark)).toEqual({ kind: "no-result" });
    for (const mark of FREE) expect(await decide(mark)).toEqual({ kind: "approve-once" });
  });
});

describe("convertMcpCallToolResult", () => {
  const of = (...content: object[]) => convertMcpCallToolResult({ content } as unknown as McpCallToolResult);
  const resource = (members: object) =>
    of({ type: "resource", resource: { uri: "u", blob: "b", ...members } });

  it.each([[""], [null], [undefined]])("takes a resource of type %j for bytes", (mimeType) => {
    const binary = { data: "b", mimeType: "application/octet-stream", type: "resource", description: "u" };
    expect(resource({ mimeType }).binaryResultsForLlm).toEqual([binary]);
  });

  it("leaves out what lacks its data, text or type", () => {
    const nothing = { textResultForLlm: "", resultType: "success" };
    const incomplete = [
      { type: "resource" },
      { type: "resource", resource: null },
      { type: "image", data: "a" },
      { type: "image", mimeType: "image/png" },
      { type: "text", text: null },
      { type: "text" },
    ];
    for (const block of incomplete) expect(of(block)).toEqual(nothing);
    expect(resource({ uri: null }).binaryResultsForLlm?.[0]).not.toHaveProperty("description");
  });

  it("takes any truth for a failure, and half a character for what it is", () => {
    const failed = (isError: unknown): string =>
      convertMcpCallToolResult({ content: [], isError } as unknown as McpCallToolResult).resultType;
    expect([true, 1, "yes", false, 0, "", undefined].map(failed)).toEqual([
      ...Array<string>(3).fill("failure"),
      ...Array<string>(4).fill("success"),
    ]);
    expect(of({ type: "text", text: "\ud83d" }).textResultForLlm).toBe("\ufffd");
  });

  it("works before there is any client", async () => {
    const file = join(newDirectory(), "program.mjs");
    const body = `console.log(convertMcpCallToolResult({ content: [{ type: "text", text: "x" }] }).textResultForLlm);`;
    writeFileSync(file, `import { convertMcpCallToolResult } from ${JSON.stringify(DIST_URL)};\n${body}`);
    expect(await runNode([file])).toMatchObject({ code: 0, stdout: "x\n", stderr: "" });
  });
});

describe("structured answers", () => {
  it("are the value that the engine accepted, also out of a fence", async () => {
    const content = '```json\n{"city": "Paris"}\n```';
    const { client } = fakeClient([
      {
        on: { method: "session.send" },
        do: [
          { reply: "default" },
          { event: { type: "assistant.message", data: { messageId: "m", content } } },
          { event: { type: "session.idle", data: {}, ephemeral: true } },
        ],
      },
    ]);
    clients.push(client);
    const session = await client.createSession({});
    const parsed: unknown[] = [];
    const schema = {
      toJSONSchema: () => ({ type: "object", required: ["city"], properties: { city: { type: "string" } } }),
      parse: (value: unknown) => {
        parsed.push(value);
        return value as { city: string };
      },
    };
    const { value, tries } = await session.sendStructured("Where?", schema);
    expect([value, tries, parsed]).toEqual([{ city: "Paris" }, 1, [{ city: "Paris" }]]);
    const typed: { city: string } = await session.sendAndWait(
      "Where?",
      { ...schema, _output: { city: "" } },
      5_000,
    );
    expect(typed).toEqual({ city: "Paris" });
    const event = await session.sendAndWait({ prompt: "Where?", responseSchema: { type: "object" } });
    expect(event?.data.content).toBe(content);
    await session.send({ prompt: "Where?", responseSchema: { type: "object" } });
    const { messages } = (await client.request("fake.received", { method: "session.send" })) as {
      messages: { params: { responseFormat: unknown } }[];
    };
    const format = {
      type: "json_schema",
      jsonSchema: { name: "response", strict: true, schema: { type: "object" } },
    };
    expect(messages.slice(-2).map(({ params }) => params.responseFormat)).toEqual([format, format]);
  });
});
