/** Handlers run in the async context of whoever made their session, or their client. */
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, expect, it } from "vitest";

import { CopilotClient } from "../dist/index.js";
import { act, eventually, fakeClient } from "./peers.js";
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
