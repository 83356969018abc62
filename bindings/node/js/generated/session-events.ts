/* Stand-in until the generated declarations land. */
/* eslint-disable @typescript-eslint/no-explicit-any */

interface Envelope<T extends string, D = any> {
  type: T;
  data: D;
  id: string;
  timestamp: string;
  parentId: string | null;
  agentId?: string;
  ephemeral?: boolean;
}

export interface PermissionRequest {
  kind: string;
  toolCallId?: string;
  [key: string]: any;
}
export interface PermissionRequestedData {
  requestId: string;
  permissionRequest: PermissionRequest;
}
export type PermissionRequestedEvent = Envelope<"permission.requested", PermissionRequestedData>;

type Known =
  | "abort"
  | "assistant.intent"
  | "assistant.message"
  | "assistant.message_delta"
  | "assistant.reasoning"
  | "assistant.reasoning_delta"
  | "assistant.turn_start"
  | "assistant.turn_end"
  | "assistant.usage"
  | "capabilities.changed"
  | "command.execute"
  | "elicitation.requested"
  | "external_tool.requested"
  | "external_tool.completed"
  | "hook.start"
  | "hook.end"
  | "permission.completed"
  | "session.start"
  | "session.resume"
  | "session.error"
  | "session.idle"
  | "session.info"
  | "session.warning"
  | "system.message"
  | "tool.execution_start"
  | "tool.execution_complete"
  | "user.message"
  | "factory.run_updated";

export type SessionEvent = PermissionRequestedEvent | { [K in Known]: Envelope<K> }[Known];
