/** What workflows, activities and people say to each other. Temporal keeps it as JSON in its histories. */

/** A length of time as Temporal takes them: milliseconds, or a text like `5 minutes`. */
export type Duration = number | string;

/** What somebody has to decide before a turn goes on. */
export interface Question {
  /** The same when a turn is retried, so that nobody is asked twice. */
  id: string;
  /** `approval` is what the workflow itself asks. */
  kind: "permission" | "user_input" | "approval";
  /** What the runtime says of it. */
  request: Record<string, unknown>;
}

/** What a conversation needs to go on in the next run of its workflow. */
export interface ConversationState {
  sessionId: string;
  /** Which series of turns it is: the keys of its messages begin with it. */
  chain: string;
  turns: number;
  approvals: number;
  /** The task queue of the worker that has the session open. */
  queue?: string | undefined;
}

/** One turn, for whoever is to run it. */
export interface TurnRequest {
  sessionId: string;
  key: string;
  prompt: string;
  workflowId: string;
  schema?: Record<string, unknown> | undefined;
  /** Options of the session, over those of the worker. */
  session: Record<string, unknown>;
  /** Options of the message. */
  message: Record<string, unknown>;
}

/** What came of a turn, and where. */
export interface TurnResult {
  text: string | null;
  value: unknown;
  queue: string;
  worker: string;
}
