/** Model requests of the runtime, served by the program. */
import { afterEach, describe, expect, it } from "vitest";

import {
  approveAll,
  CopilotClient,
  CopilotRequestHandler,
  CopilotWebSocketCloseStatus,
  CopilotWebSocketHandler,
  RuntimeConnection,
  type CopilotRequestContext,
} from "../dist/index.js";
import { eventually, fakeClient, newDirectory, REAL_RUNTIME, received, startModel } from "./peers.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

const ACCEPT = ["setProvider", "httpResponseStart", "httpResponseChunk"].map((name) => ({
  on: { method: `llmInference.${name}` },
  do: [{ reply: { result: { accepted: true, success: true } } }],
}));

async function started(requestHandler: CopilotRequestHandler) {
  const { client, record } = fakeClient(ACCEPT, { requestHandler });
  clients.push(client);
  await client.start();
  const request = (method: string, params: object) =>
    client.request("fake.request", {
      method: `llmInference.${method}`,
      params: { requestId: "r1", ...params },
    });
  const chunks = () => received(record, "llmInference.httpResponseChunk");
  const head = () => received(record, "llmInference.httpResponseStart")[0];
  return { client, request, chunks, head };
}

describe("HTTP", () => {
  it("gets the whole request and streams the response", async () => {
    const seen: unknown[] = [];
    class Handler extends CopilotRequestHandler {
      protected override async sendRequest(
        request: Request,
        context: CopilotRequestContext,
      ): Promise<Response> {
        seen.push(
          request.method,
          request.url,
          await request.text(),
          request.headers.get("x-one"),
          context.requestId,
        );
        return new Response("answer", {
          status: 201,
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        });
      }
    }
    const { request, chunks, head } = await started(new Handler());
    const headers = { "x-one": ["1"], host: ["model.example"] };
    await request("httpRequestStart", { method: "post", url: "http://model.example/v1", headers });
    await request("httpRequestChunk", { data: "ques" });
    await request("httpRequestChunk", { data: "tion", end: true });
    await eventually(() => chunks().some((chunk) => chunk["end"] === true), "the end of the response");
    expect(seen).toEqual(["POST", "http://model.example/v1", "question", "1", "r1"]);
    expect(head()).toMatchObject({ status: 201, headers: { "set-cookie": ["a=1", "b=2"] } });
    const body = chunks().map((chunk) => Buffer.from(chunk["data"] as string, "base64").toString());
    expect(body.join("")).toBe("answer");
  });

  it("answers 502 when the handler fails", async () => {
    class Handler extends CopilotRequestHandler {
      protected override sendRequest(): Promise<Response> {
        return Promise.reject(new Error("no network"));
      }
    }
    const { request, chunks, head } = await started(new Handler());
    await request("httpRequestStart", { method: "GET", url: "http://model.example/", headers: {} });
    await request("httpRequestChunk", { data: "", end: true });
    await eventually(() => chunks().length > 0, "the failure");
    expect(head()).toMatchObject({ status: 502 });
    expect(chunks()[0]).toMatchObject({ error: { message: "no network" } });
  });
});

describe("WebSocket", () => {
  it("passes messages both ways until the runtime closes", async () => {
    const statuses: unknown[] = [];
    class Socket extends CopilotWebSocketHandler {
      constructor(context: CopilotRequestContext) {
        super(context);
      }
      async sendRequestMessage(data: string): Promise<void> {
        await this.sendResponseMessage(data.toUpperCase());
      }
      override async close(status?: CopilotWebSocketCloseStatus): Promise<void> {
        statuses.push(status === CopilotWebSocketCloseStatus.normalClosure);
        await super.close(status);
      }
    }
    class Handler extends CopilotRequestHandler {
      protected override openWebSocket(context: CopilotRequestContext): Promise<CopilotWebSocketHandler> {
        return Promise.resolve(new Socket(context));
      }
    }
    const { request, chunks, head } = await started(new Handler());
    const start = { method: "GET", url: "ws://model.example/", headers: {}, transport: "websocket" };
    await request("httpRequestStart", start);
    await eventually(() => head() !== undefined, "the head");
    expect(head()).toMatchObject({ status: 101 });
    await request("httpRequestChunk", { data: "one" });
    await request("httpRequestChunk", { data: "two" });
    await eventually(() => chunks().length === 2, "two messages");
    expect(chunks().map((chunk) => chunk["data"])).toEqual(["ONE", "TWO"]);
    await request("httpRequestChunk", { data: "", end: true });
    await eventually(() => chunks().some((chunk) => chunk["end"] === true), "the end");
    expect(statuses[0]).toBe(true);
  });
});

describe.skipIf(REAL_RUNTIME === undefined)("the real runtime", () => {
  it("sends its model requests through the handler", async () => {
    const model = await startModel([{ repeat: true, chunks: ["through ", "us"] }]);
    const urls: string[] = [];
    class Handler extends CopilotRequestHandler {
      protected override async sendRequest(
        request: Request,
        context: CopilotRequestContext,
      ): Promise<Response> {
        urls.push(request.url);
        const target = request.url.replace("http://model.invalid/v1", model.url);
        return await super.sendRequest(new Request(target, request), context);
      }
    }
    await using client = new CopilotClient({
      connection: RuntimeConnection.forStdio({ path: REAL_RUNTIME as string }),
      baseDirectory: newDirectory(),
      useLoggedInUser: false,
      requestHandler: new Handler(),
    });
    const provider = { type: "openai" as const, baseUrl: "http://model.invalid/v1", apiKey: "none" };
    const session = await client.createSession({ model: "m", provider, onPermissionRequest: approveAll });
    expect((await session.sendAndWait("hello"))?.data.content).toBe("through us");
    expect(urls).toContain("http://model.invalid/v1/chat/completions");
    model.stop();
  });
});
