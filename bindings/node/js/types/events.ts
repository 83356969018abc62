/** What arrives from a session and from the runtime. */
import type {
  PermissionRequest as GeneratedPermissionRequest,
  PermissionRequestedData as GeneratedPermissionRequestedData,
  PermissionRequestedEvent as GeneratedPermissionRequestedEvent,
  SessionEvent as GeneratedSessionEvent,
} from "../generated/session-events.js";

export type SessionEvent =
  Exclude<GeneratedSessionEvent, { type: "permission.requested" }> | PermissionRequestedEvent;

export type SessionEventType = SessionEvent["type"];

export type SessionEventPayload<T extends SessionEventType> = Extract<SessionEvent, { type: T }>;

export type TypedSessionEventHandler<T extends SessionEventType> = (event: SessionEventPayload<T>) => void;

export type SessionEventHandler = (event: SessionEvent) => void;

export type SessionLifecycleEventType =
  "session.created" | "session.deleted" | "session.updated" | "session.foreground" | "session.background";

export interface SessionLifecycleEventMetadata {
  startTime: Date;
  modifiedTime: Date;
  summary?: string;
}

interface SessionLifecycleEventBase {
  sessionId: string;
  metadata?: SessionLifecycleEventMetadata | undefined;
}

export interface SessionCreatedEvent extends SessionLifecycleEventBase {
  type: "session.created";
  metadata: SessionLifecycleEventMetadata;
}

export interface SessionDeletedEvent extends SessionLifecycleEventBase {
  type: "session.deleted";
  metadata?: undefined;
}

export interface SessionUpdatedEvent extends SessionLifecycleEventBase {
  type: "session.updated";
  metadata: SessionLifecycleEventMetadata;
}

export interface SessionForegroundEvent extends SessionLifecycleEventBase {
  type: "session.foreground";
  metadata: SessionLifecycleEventMetadata;
}

export interface SessionBackgroundEvent extends SessionLifecycleEventBase {
  type: "session.background";
  metadata: SessionLifecycleEventMetadata;
}

export type SessionLifecycleEvent =
  | SessionCreatedEvent
  | SessionDeletedEvent
  | SessionUpdatedEvent
  | SessionForegroundEvent
  | SessionBackgroundEvent;

export type SessionLifecycleHandler = (event: SessionLifecycleEvent) => void;

export type TypedSessionLifecycleHandler<K extends SessionLifecycleEventType> = (
  event: Extract<SessionLifecycleEvent, { type: K }>,
) => void;

export type PermissionRequest = GeneratedPermissionRequest & { readonly managedApprovalRequired?: boolean };

export type PermissionRequestedData = Omit<GeneratedPermissionRequestedData, "permissionRequest"> & {
  permissionRequest: PermissionRequest;
};

export type PermissionRequestedEvent = Omit<GeneratedPermissionRequestedEvent, "data"> & {
  data: PermissionRequestedData;
};
