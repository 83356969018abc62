/** What `CopilotClient.diagnostics()` tells; all times are milliseconds. */
export interface Diagnostics {
  state: string;
  runtimeVersion: string | null;
  protocolVersion: number | null;
  runtimePid: number | null;
  runtimePort: number | null;
  /** The last start, also one that failed or is under way; null before the first. */
  start: StartRecord | null;
  openSessions: number;
  pendingCalls: number;
  /** Sums since the client was made, by name; `docs/host.md` says what each counts. */
  counters: Record<string, number>;
}

/** How a start went. */
export interface StartRecord {
  /** `running`, `ok`, or the kind of the error. */
  outcome: string;
  /** The phase under way or the one that failed. */
  phase: string | null;
  timings: Record<"locate" | "spawn" | "connect" | "launch" | "handshake" | "setup" | "total", number>;
}
