/** Every typed call of the runtime can be given up. */
import { expect, it } from "vitest";

import { fakeClient } from "./peers.js";

it("typed calls take a signal, with and without params", async () => {
  const never = (method: string) => ({ on: { method }, do: [{ noReply: true }] });
  const { client } = fakeClient([
    never("tools.list"),
    never("session.mode.get"),
    never("account.getAllUsers"),
  ]);
  await client.start();
  const session = await client.createSession({});
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [
    client.rpc.tools.list({}, { signal }),
    client.rpc.account.getAllUsers(undefined, { signal }),
    session.rpc.mode.get(undefined, { signal }),
  ];
  setTimeout(() => {
    controller.abort(new Error("enough"));
  }, 50);
  for (const call of calls) await expect(call).rejects.toThrow("enough");
  expect((await client.ping("still")).message).toContain("still");
  await client.forceStop();
});
