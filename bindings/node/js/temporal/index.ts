/**
 * The side of the worker: owns a client and its runtime, keeps sessions open, runs their turns. Needs `@temporalio/worker`,
 * `@temporalio/activity` and `@temporalio/client`; workflows import `copilot-native/temporal/workflow`.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

import { Context } from "@temporalio/activity";
import { Worker } from "@temporalio/worker";
import type { WorkerOptions, WorkerPlugin } from "@temporalio/worker";

import { CopilotClient } from "../all.js";
import type { CopilotSession } from "../session.js";
import type { SessionEvent } from "../generated/session-events.js";
import {
  BEATS,
  DRAIN_TIMEOUT,
  HEARTBEAT,
  LEASES,
  LEAVE,
  MAX_SESSIONS,
  SHORTEST_LEASE,
  STICKY_TIMEOUT,
  TURN,
} from "../generated/temporal.js";
import type { CopilotClientOptions } from "../types/client.js";
import type { SessionConfig } from "../types/session.js";
import { Asking } from "./asking.js";
import { failure } from "./failures.js";
import type { Duration, TurnRequest, TurnResult } from "./messages.js";
import { Sessions } from "./sessions.js";

export { ANSWER, QUESTIONS } from "../generated/temporal.js";
export type { ConversationState, Question } from "./messages.js";

/** An event of a session, and whose it is. */
export interface Happening {
  workflowId: string;
  sessionId: string;
  event: SessionEvent;
}

type SessionStore = NonNullable<NonNullable<CopilotClientOptions["sessionFs"]>["store"]>;

export interface CopilotPluginOptions {
  /** Where sessions are kept, which all workers share. */
  store: SessionStore;
  client?: Omit<CopilotClientOptions, "sessionFs">;
  /**
   * Options of every session: model, tools, handlers. What it has no handler for (permissions, questions of the agent) is
   * asked in the workflow.
   */
  session?: Partial<SessionConfig>;
  /** How many sessions are open at once, and how many turns run; 50 unless given. Further turns wait. */
  maxSessions?: number;
  /**
   * Gets every event of every session, deltas among them when `session` says `streaming`: for whoever watches. Nothing waits
   * for it, and Temporal's history has no events.
   */
  onEvent?: (happening: Happening) => void;
  /** As the conversations have it, in milliseconds; a session's lease lasts half of it. */
  heartbeatTimeout?: number;
  /** How long a shutdown waits for turns, where the worker has no `shutdownGraceTime`; 5 minutes unless given. */
  drainTimeout?: Duration;
  /** This worker's name in leases, errors and results; unique. Host, process and a random part unless given. */
  owner?: string;
}

/**
 * For one worker: `Worker.create({ taskQueue, workflowsPath, plugins: [new CopilotPlugin({ store })] })`.
 *
 * The worker starts one runtime, runs turns as activities `copilot_turn`, and keeps sessions open on a task queue of its own,
 * so that the next turn of a conversation finds it there. When it is shut down it finishes its turns, gives its sessions up,
 * and stops the runtime.
 */
export class CopilotPlugin implements WorkerPlugin {
  readonly name = "copilot-native";
  readonly #options: CopilotPluginOptions;
  readonly #owner: string;
  readonly #queue: string;
  readonly #asking = new Asking();
  readonly #sessions: Sessions;
  #worker: WorkerOptions | undefined;

  constructor(options: CopilotPluginOptions) {
    const { maxSessions = MAX_SESSIONS } = options;
    if (!(maxSessions >= 1)) throw new RangeError("maxSessions must be 1 or more");
    this.#options = options;
    this.#owner = options.owner ?? `${hostname()}/${String(process.pid)}/${randomUUID().slice(0, 8)}`;
    this.#queue = `copilot/${this.#owner}`;
    this.#sessions = new Sessions(
      () => this.#newClient(),
      (request) => this.#optionsOf(request),
      maxSessions,
    );
  }

  #newClient(): CopilotClient {
    const ttlMs = Math.max((this.#options.heartbeatTimeout ?? HEARTBEAT) / LEASES, SHORTEST_LEASE);
    const sessionFs = {
      initialCwd: "/",
      sessionStatePath: "/state",
      conventions: "posix" as const,
      store: this.#options.store,
      lease: { owner: this.#owner, ttlMs, waitMs: LEASES * ttlMs },
    };
    return new CopilotClient({ ...this.#options.client, sessionFs });
  }

  #optionsOf({ workflowId, sessionId, session }: TurnRequest): SessionConfig {
    const { onEvent } = this.#options;
    const watched = onEvent && {
      onEvent: (event: SessionEvent) => {
        onEvent({ workflowId, sessionId, event });
      },
    };
    return { ...this.#asking.handlers(sessionId), ...watched, ...this.#options.session, ...session };
  }

  #activities(): object {
    return {
      [TURN]: (request: TurnRequest) => this.#turn(request),
      [LEAVE]: (sessionId: string) => this.#sessions.leave(sessionId),
    };
  }

  configureWorker(options: WorkerOptions): WorkerOptions {
    if (options.taskQueue === this.#queue) return options;
    const limits = {
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
      shutdownGraceTime: this.#options.drainTimeout ?? DRAIN_TIMEOUT,
      maxConcurrentActivityTaskExecutions: this.#options.maxSessions ?? MAX_SESSIONS,
    };
    this.#worker = {
      ...(limits as Partial<WorkerOptions>),
      ...options,
      activities: { ...options.activities, ...this.#activities() },
    };
    return this.#worker;
  }

  async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    if (worker.options.taskQueue === this.#queue || this.#worker === undefined) {
      await next(worker);
      return;
    }
    const { connection, namespace, maxConcurrentActivityTaskExecutions: most } = worker.options;
    const own = await Worker.create({
      ...(connection && { connection }),
      ...(most && { maxConcurrentActivityTaskExecutions: most }),
      shutdownGraceTime: worker.options.shutdownGraceTimeMs,
      namespace,
      taskQueue: this.#queue,
      activities: this.#activities(),
    });
    try {
      // Started before the first turn needs it.
      await this.#sessions.warm();
      await together(own.run(), next(worker), () => {
        for (const each of [own, worker]) if (each.getState() === "RUNNING") each.shutdown();
      });
    } finally {
      await this.#sessions.stop();
    }
  }

  async #turn(request: TurnRequest): Promise<TurnResult> {
    const context = Context.current();
    const limit = context.info.heartbeatTimeoutMs ?? HEARTBEAT;
    const beating = setInterval(() => {
      context.heartbeat();
    }, limit / BEATS);
    try {
      const answer = await this.#sessions.during(request, (session) =>
        this.#asking.about(request, context.client, () => ask(session, request, context.cancellationSignal)),
      );
      return { ...answer, queue: this.#queue, worker: this.#owner };
    } catch (error) {
      // How Temporal says that the turn is cancelled.
      context.cancellationSignal.throwIfAborted();
      throw failure(error);
    } finally {
      clearInterval(beating);
    }
  }
}

/** Waits for both; the end of one, well or not, is the end of the other. */
async function together(one: Promise<void>, other: Promise<void>, end: () => void): Promise<void> {
  for (const ended of await Promise.allSettled([one.finally(end), other.finally(end)]))
    if (ended.status === "rejected") throw ended.reason;
}

async function ask(
  session: CopilotSession,
  { prompt, key, schema, message }: TurnRequest,
  signal: AbortSignal,
): Promise<Pick<TurnResult, "text" | "value">> {
  const sent = { prompt, ...message, idempotencyKey: key, signal };
  if (schema) {
    const { value, event } = await session.sendStructured(sent, schema, { timeout: Infinity });
    return { text: event.data.content ?? null, value };
  }
  const event = await session.sendAndWait(sent, Infinity);
  return { text: event?.data.content ?? null, value: null };
}
