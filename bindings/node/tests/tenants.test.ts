/** Handlers run in the async context of whoever made their session, or their client. */
import { AsyncLocalStorage } from "node:async_hooks";
import { realpathSync } from "node:fs";
import { afterEach, expect, it } from "vitest";

import { CopilotClient } from "../dist/index.js";
import { act, eventually, fakeClient, newDirectory } from "./peers.js";
import { QUESTIONS } from "./questions.js";

const clients: CopilotClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.forceStop();
});

const tenant = new AsyncLocalStorage<string>();
const TENANTS = ["ada", "bob"];

it("events of each session see their own tenant, whoever started the client", async () => {
  const { client } = fakeClient();
  clients.push(client);
  const seen: string[] = [];
  const sessions = await Promise.all(
    TENANTS.map((name) =>
      tenant.run(name, async () => {
        const session = await client.createSession({
          sessionId: name,
          onEvent: ({ type }) => {
            if (type === "session.info") seen.push(`${name}: ${String(tenant.getStore())}`);
          },
        });
        const later = async (): Promise<void> => {
          await Promise.resolve();
          seen.push(`${name}, later: ${String(tenant.getStore())}`);
        };
        session.on("session.info", () => void later());
        return session;
      }),
    ),
  );
  const events = TENANTS.flatMap((sessionId) => [{ event: { type: "session.info", data: {}, sessionId } }]);
  await tenant.run("somebody else", () => act(client, "ada", ...events));
  await eventually(() => seen.length === 4, "all handlers ran");
  expect(seen.sort()).toEqual(["ada, later: ada", "ada: ada", "bob, later: bob", "bob: bob"]);
  expect(sessions).toHaveLength(2);
});

it("lifecycle and telemetry are told in the client's context", async () => {
  const seen: unknown[] = [];
  const { client } = tenant.run("maker", () => {
    const made = fakeClient([], { onGitHubTelemetry: () => void seen.push(tenant.getStore()) });
    made.client.onLifecycle(() => void seen.push(tenant.getStore()));
    return made;
  });
  clients.push(client);
  await tenant.run("starter", () => client.start());
  const telemetry = { sessionId: "s", restricted: false, event: { kind: "k", properties: {}, metrics: {} } };
  await act(
    client,
    "s",
    { notify: { method: "session.lifecycle", params: { type: "session.updated", sessionId: "s" } } },
    { notify: { method: "gitHubTelemetry.event", params: telemetry } },
  );
  await eventually(() => seen.length === 2, "both are told");
  expect(seen).toEqual(["maker", "maker"]);
});

it.each(Object.entries(QUESTIONS))("a %s question is answered in its own context", async (_, kind) => {
  const seen: unknown[] = [];
  const handler = (): never => {
    seen.push(tenant.getStore());
    throw new Error("that is all");
  };
  const { client, record } = tenant.run("maker of the client", () =>
    fakeClient(kind.script, kind.client?.(handler)),
  );
  clients.push(client);
  await tenant.run("starter", () => client.start());
  const session = await tenant.run("maker of the session", () =>
    client.createSession({ ...kind.session?.(handler) }),
  );
  await kind.ask({ client, session, record });
  // Session files have options on both sides; their handler belongs to the session.
  expect(seen).toEqual([kind.session ? "maker of the session" : "maker of the client"]);
});

interface Sent {
  messages: { params: Record<string, unknown> }[];
}

it("options of one tenant do not reach the other", async () => {
  const { client } = fakeClient();
  clients.push(client);
  const sessions = await Promise.all(
    TENANTS.map((name) =>
      client.createSession({
        workingDirectory: `/home/${name}`,
        gitHubToken: `github-token-of-${name}`,
        provider: {
          type: "openai",
          baseUrl: `http://${name}/v1`,
          apiKey: `key-of-${name}`,
          headers: { h: name },
        },
        mcpServers: { [name]: { command: "run", args: [], env: { WHO: name } } },
      }),
    ),
  );
  for (const [at, session] of sessions.entries()) {
    await session.send({
      prompt: "hello",
      requestHeaders: { authorization: `header-of-${String(TENANTS[at])}` },
    });
  }
  for (const method of ["session.create", "session.send"]) {
    const { messages } = (await client.request("fake.received", { method })) as Sent;
    for (const [at, session] of sessions.entries()) {
      const own = messages.filter(({ params }) => params["sessionId"] === session.sessionId);
      expect(own).toHaveLength(1);
      expect(JSON.stringify(own)).toContain(TENANTS[at]);
      expect(JSON.stringify(own).replaceAll(session.sessionId, "")).not.toContain(TENANTS[1 - at]);
    }
  }
});

it("tokens are got for whoever they are for", async () => {
  const { client } = fakeClient();
  clients.push(client);
  for (const name of TENANTS) {
    const accessToken = (): string => `token-of-${name}-for-${String(tenant.getStore())}`;
    const gitHubTokenProvider = () =>
      Promise.resolve({ kind: "token" as const, accessToken: accessToken(), expiresIn: 60 });
    await tenant.run(name, () => client.createSession({ gitHubTokenProvider }));
  }
  const { messages } = (await client.request("fake.received", { method: "session.create" })) as Sent;
  for (const [at, { params }] of messages.entries()) {
    const name = String(TENANTS[at]);
    const asked = {
      registrationId: params["gitHubTokenProviderRegistrationId"],
      host: "h",
      reason: "initial",
    };
    const answer = await client.request("fake.request", { method: "gitHubToken.getToken", params: asked });
    expect(answer).toMatchObject({ result: { accessToken: `token-of-${name}-for-${name}` } });
  }
});

it("files of one session are not there for the other", async () => {
  const sessionFs = {
    initialCwd: "/",
    sessionStatePath: "/state",
    conventions: "posix" as const,
    store: { kind: "memory" as const },
  };
  const { client } = fakeClient([], { sessionFs });
  clients.push(client);
  const [red, blue] = [await client.createSession({}), await client.createSession({})];
  const ask = (sessionId: string, method: string, params: object): Promise<unknown> =>
    client.request("fake.request", { method: `sessionFs.${method}`, params: { sessionId, ...params } });
  await ask(red.sessionId, "writeFile", { path: "/state/secret", content: "of red" });
  expect(await ask(red.sessionId, "readFile", { path: "/state/secret" })).toMatchObject({
    result: { content: "of red" },
  });
  const theirs = `/../${red.sessionId}/state/secret`;
  for (const path of ["/state/secret", theirs, `/state/..${theirs}`, `..${theirs}`]) {
    expect(JSON.stringify(await ask(blue.sessionId, "readFile", { path }))).not.toContain("of red");
  }
});

it("two clients have two runtimes, each with its own environment and folder", async () => {
  const found = await Promise.all(
    TENANTS.map(async (name) => {
      const workingDirectory = newDirectory();
      const env = { WHO: name, PATH: "/usr/bin:/bin" };
      const { client } = fakeClient([], { env, workingDirectory, gitHubToken: `token-of-${name}` });
      clients.push(client);
      await client.start();
      type Info = { env: Record<string, string>; cwd: string; pid: number };
      const info = (await client.request("fake.info")) as Info;
      expect(info.cwd).toBe(realpathSync(workingDirectory));
      expect(info.env).toMatchObject({ WHO: name, COPILOT_SDK_AUTH_TOKEN: `token-of-${name}` });
      return info;
    }),
  );
  expect(JSON.stringify(found[0])).not.toContain("of-bob");
  expect(found[0]?.pid).not.toBe(found[1]?.pid);
});
