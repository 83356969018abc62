// Checked by tsc --strict: names, fields, calls and narrowing.
import { createServerRpc, createSessionRpc, type RpcConnection } from "../../../bindings/node/js/generated/namespaces.js";
import type { PermissionDecision } from "../../../bindings/node/js/generated/rpc.js";
import type { SessionEvent, SessionEventPayload } from "../../../bindings/node/js/generated/session-events.js";

export async function use(connection: RpcConnection): Promise<string> {
  const session = createSessionRpc(connection, "id");
  await session.mode.set({ mode: "plan" });
  await session.commands.list();
  const status = await session.gitHubAuth.getStatus();
  const pong = await createServerRpc(connection).ping({ message: "hi" });
  const decision: PermissionDecision = { kind: "reject", feedback: "no" };
  return pong.message + decision.kind + String(status.isAuthenticated);
}

export function delta(event: SessionEvent): string {
  if (event.type === "assistant.message_delta") {
    return event.data.deltaContent;
  }
  const idle: SessionEventPayload<"session.idle"> | undefined = event.type === "session.idle" ? event : undefined;
  return idle ? idle.id : event.timestamp;
}
