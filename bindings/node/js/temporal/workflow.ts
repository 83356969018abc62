/**
 * The side of the workflow: which turns there are, where they run, who answers what is asked in between. For code that runs
 * inside Temporal's workflows, and for nothing else.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  ContinueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  proxyActivities,
  setHandler,
  uuid4,
  workflowInfo,
} from "@temporalio/workflow";
import type { ActivityOptions } from "@temporalio/workflow";

import { jsonSchema } from "../schemas.js";
import {
  ANSWER,
  ASK,
  BEGIN_TIMEOUT,
  FIRST_RETRY,
  HEARTBEAT,
  LEAVE,
  LEAVE_TIMEOUT,
  LONGEST_RETRY,
  QUESTIONS,
  TRIES,
  TURN,
  TURN_TIMEOUT,
} from "../generated/temporal.js";
import type { ZodSchema } from "../types/tools.js";
import type { ConversationState, Duration, Question, TurnRequest, TurnResult } from "./messages.js";

export { ANSWER, QUESTIONS } from "../generated/temporal.js";
export type { ConversationState, Question } from "./messages.js";

type Retry = NonNullable<ActivityOptions["retry"]>;

/** Answers what the agent asks, in the workflow. */
export type AnswerFunction = (question: Question) => Promise<unknown>;

export interface ConversationOptions {
  /** The session to open or resume; without it a new one. */
  sessionId?: string;
  /** What {@link Conversation.state} said in the run before, after `continueAsNew`. In place of `sessionId`. */
  state?: ConversationState | undefined;
  /** Options of the session over those of the worker, as JSON allows: `{ model: … }`. */
  session?: Record<string, unknown>;
  /**
   * Answers what the agent asks (permissions, questions). Without it a person does, by the signal {@link ANSWER} with the
   * question's id and the answer; the query {@link QUESTIONS} lists what is open.
   */
  answer?: AnswerFunction;
  /** The longest time of a turn, with all that people take to answer; a day unless given. */
  turnTimeout?: Duration;
  /** How long a worker may say nothing before its turn goes on elsewhere; 10 seconds unless given. */
  heartbeatTimeout?: Duration;
  /** How often, and how soon again, a turn is tried that failed. */
  retry?: Retry;
}

/** The answer to a message. */
export interface Turn<T> {
  /** The text of the last answer; null when the agent ended without one. */
  text: string | null;
  /** What a schema makes of it; undefined without a schema. */
  value: T;
  /** Where the turn ran. */
  worker: string;
}

type Schema<T> = (ZodSchema<T> & { parse?: (value: unknown) => T }) | Record<string, unknown>;

interface Activities {
  [TURN]: (request: TurnRequest) => Promise<TurnResult>;
  [LEAVE]: (sessionId: string) => Promise<void>;
}

const RETRIES: Retry = {
  initialInterval: FIRST_RETRY,
  maximumInterval: LONGEST_RETRY,
  maximumAttempts: TRIES,
};
const AT_ONCE: Retry = { maximumAttempts: 1 };

/** A session whose turns are activities. */
export class Conversation {
  readonly #state: ConversationState;
  readonly #options: ConversationOptions;
  readonly #desk: Desk;

  /** @internal Made by {@link converse}. */
  constructor(options: ConversationOptions) {
    const { state, sessionId } = options;
    if (state !== undefined && sessionId !== undefined)
      throw ApplicationFailure.nonRetryable("sessionId is in the state already", "InvalidArgument");
    this.#desk = desk();
    const chain = `${workflowInfo().firstExecutionRunId}/${this.#desk.nextNumber()}`;
    this.#state = state ?? { sessionId: sessionId ?? uuid4(), chain, turns: 0, approvals: 0 };
    this.#options = options;
    this.#desk.open(this.sessionId, options.answer);
  }

  /** The session's id: any client with the same store can resume it. */
  get sessionId(): string {
    return this.#state.sessionId;
  }

  /** For the next run: `continueAsNew(chat.state)`, when Temporal suggests one. */
  get state(): ConversationState {
    return this.#state;
  }

  /**
   * Sends a message and waits for the answer; a `schema` (of zod, or a JSON Schema) asks for a checked value.
   *
   * The turn is done once: a worker that dies in it is replaced by another, which goes on from the session's history, and an
   * answer that was there already is not asked for again. Rejects with an `ActivityFailure` when the turn failed for good; its
   * cause is an `ApplicationFailure` whose type is the reason or kind of the error (docs/errors.md).
   */
  async turn<T = undefined>(
    prompt: string,
    schema?: Schema<T>,
    message: Record<string, unknown> = {},
  ): Promise<Turn<T>> {
    this.#state.turns += 1;
    const key = `${this.#state.chain}:${String(this.#state.turns)}`;
    const request: TurnRequest = {
      sessionId: this.sessionId,
      key,
      prompt,
      workflowId: workflowInfo().workflowId,
      schema: schema && (jsonSchema(schema) as Record<string, unknown>),
      session: this.#options.session ?? {},
      message,
    };
    const { text, value, queue, worker } = await this.#run(request).finally(() => {
      this.#desk.forget(key);
    });
    this.#state.queue = queue;
    const parse = (schema as { parse?: (value: unknown) => T } | undefined)?.parse;
    return { text, value: parse ? parse.call(schema, value) : (value as T), worker };
  }

  async #run(request: TurnRequest): Promise<TurnResult> {
    if (this.#state.queue !== undefined) {
      try {
        return await this.#on(this.#state.queue)[TURN](request);
      } catch (error) {
        // Whoever had the session open may be gone; everything else is final.
        if (isCancellation(error) || isFinal(error)) throw error;
        this.#state.queue = undefined;
      }
    }
    return await proxyActivities<Activities>({ ...this.#limits(), retry: this.#options.retry ?? RETRIES })[
      TURN
    ](request);
  }

  #limits(): ActivityOptions {
    const { turnTimeout = TURN_TIMEOUT, heartbeatTimeout = HEARTBEAT } = this.#options;
    return { startToCloseTimeout: turnTimeout, heartbeatTimeout };
  }

  #on(taskQueue: string, limits = this.#limits()): Activities {
    return proxyActivities<Activities>({
      ...limits,
      taskQueue,
      scheduleToStartTimeout: BEGIN_TIMEOUT,
      retry: AT_ONCE,
    });
  }

  /** Waits until somebody answers a question of the workflow's own; the answer, which is any JSON value. */
  async approval(text: string): Promise<unknown> {
    this.#state.approvals += 1;
    const id = `${this.#state.chain}:approval-${String(this.#state.approvals)}`;
    return await this.#desk.ask({ id, kind: "approval", request: { sessionId: this.sessionId, text } });
  }

  /** Lets the worker that has the session open give it up now. Without it that is when the worker needs room. */
  async leave(): Promise<void> {
    const { queue } = this.#state;
    this.#state.queue = undefined;
    if (queue === undefined) return;
    try {
      await this.#on(queue, { startToCloseTimeout: LEAVE_TIMEOUT })[LEAVE](this.sessionId);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.info("the session was not left", { sessionId: this.sessionId, error });
    }
  }
}

/** Has a conversation for the time of `work`. A workflow may have several. */
export async function converse<R>(
  work: (chat: Conversation) => Promise<R>,
  options: ConversationOptions = {},
): Promise<R> {
  const chat = new Conversation(options);
  let goesOn = false;
  try {
    return await work(chat);
  } catch (error) {
    // The next run goes on with the session, where it is open.
    goesOn = error instanceof ContinueAsNew;
    throw error;
  } finally {
    desk().close(chat.sessionId);
    if (!goesOn) await chat.leave();
  }
}

function isFinal(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.nonRetryable === true
  );
}

/** The questions of one workflow. */
class Desk {
  readonly #answerOf = new Map<string, AnswerFunction | undefined>();
  readonly #open = new Map<string, Question>();
  readonly #answers = new Map<string, unknown>();
  #conversations = 0;

  constructor() {
    setHandler(defineUpdate<unknown, [Question]>(ASK), (question) => this.ask(question));
    setHandler(defineSignal<[string, unknown]>(ANSWER), (id, answer) => {
      this.#answers.set(id, answer);
      this.#open.delete(id);
    });
    setHandler(defineQuery<Question[]>(QUESTIONS), () => [...this.#open.values()]);
  }

  nextNumber(): string {
    this.#conversations += 1;
    return String(this.#conversations);
  }

  open(sessionId: string, answer: AnswerFunction | undefined): void {
    this.#answerOf.set(sessionId, answer);
  }

  close(sessionId: string): void {
    this.#answerOf.delete(sessionId);
  }

  /** Waits for the answer; the same question again gets the same answer. */
  async ask(question: Question): Promise<unknown> {
    const answer = this.#answerOf.get(String(question.request["sessionId"]));
    if (answer !== undefined && question.kind !== "approval") return await answer(question);
    if (!this.#answers.has(question.id)) {
      this.#open.set(question.id, question);
      await condition(() => this.#answers.has(question.id));
    }
    return this.#answers.get(question.id);
  }

  /** The turn is over: what it asked is not asked any more. */
  forget(key: string): void {
    for (const held of [this.#open, this.#answers])
      for (const id of held.keys()) if (id.startsWith(`${key}?`)) held.delete(id);
  }
}

/** One for all conversations of a workflow, which has each signal, update and query once. */
let theDesk: Desk | undefined;

function desk(): Desk {
  return (theDesk ??= new Desk());
}
