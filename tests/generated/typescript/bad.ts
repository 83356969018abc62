// Negative test: tsc must report every line marked `wrong`.
import { createSessionRpc, type RpcConnection } from "../../../bindings/node/js/generated/namespaces.js";
import type { SessionEvent } from "../../../bindings/node/js/generated/session-events.js";

export async function use(connection: RpcConnection, event: SessionEvent): Promise<void> {
  const session = createSessionRpc(connection, "id");
  await session.send({ promt: "hi" }); // wrong
  const result = await session.send({ prompt: "hi" });
  console.log(result.mesageId); // wrong
  if (event.type === "assistant.message_delta") {
    console.log(event.data.deltaContnt); // wrong
  }
}
