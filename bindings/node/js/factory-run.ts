/** Running the bodies of factories for the runtime: what `FactoryContext` offers, on top of calls below `session.factory.` or `session.workflow.`. */
import type { FactoryRpc } from "./factory-api.js";
import { type Family, inside } from "./factory-inside.js";
import { definitionOf } from "./factory.js";
import { ConnectionError, HandlerAnswer, INTERNAL_ERROR, messageOf, ResponseError } from "./errors.js";
import type { FactoryAgentResult, FactoryJournalGetResult } from "./generated/rpc.js";
import type { CopilotSession } from "./session.js";
import type {
  FactoryAgentOptions,
  FactoryContext,
  FactoryHandle,
  FactoryPipelineStage,
  JsonValue,
} from "./types/factory.js";

export interface FactoryExecution {
  name: string;
  /** What the runtime calls its jobs. */
  family: Family;
  runId: string;
  executionToken: string;
  args: JsonValue;
}

/** Lines of progress are sent together when this much time has passed. */
const FLUSH_MS = 10;
const MOST_BRANCHES = 4096;
const AGENT_OPTIONS = ["label", "schema", "model", "reasoningEffort", "contextTier", "agent"] as const;

/** Runs one attempt; the result is what travels back to the runtime. */
async function executeFactory(
  handle: FactoryHandle,
  execution: FactoryExecution,
  session: CopilotSession,
  rpc: FactoryRpc,
  signal: AbortSignal,
): Promise<{ result?: JsonValue }> {
  const progress = new Progress(rpc, execution);
  const context = new Context(execution, session, rpc, signal, progress);
  try {
    const result = await inside.run({ branch: false }, () => definitionOf(handle).run(context));
    return result === undefined ? {} : { result: strictJson(result, `${rpc.family}_result_not_json`) };
  } finally {
    await progress.flush();
  }
}

/** Runs the factory that the runtime names; an error's own code travels along. */
export async function answerFactory(
  handle: FactoryHandle,
  execution: FactoryExecution,
  session: CopilotSession,
  rpc: FactoryRpc,
  signal: AbortSignal,
): Promise<{ result?: JsonValue }> {
  try {
    return await executeFactory(handle, execution, session, rpc, signal);
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code !== "string") throw error;
    throw new HandlerAnswer(messageOf(error), INTERNAL_ERROR, { code });
  }
}

/** Lines of phases and logs: numbered, sent together, and always before what follows them. */
class Progress {
  #lines: { seq: number; kind: "phase" | "log"; text: string }[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<unknown> = Promise.resolve();
  #failed: unknown;

  constructor(
    private readonly rpc: FactoryRpc,
    private readonly execution: FactoryExecution,
  ) {}

  add(kind: "phase" | "log", text: string): void {
    if (this.#failed !== undefined) throw this.#failed as Error;
    this.#lines.push({ seq: this.#next++, kind, text });
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), FLUSH_MS);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines.splice(0);
    const { runId, executionToken } = this.execution;
    if (lines.length > 0) {
      this.#sending = this.#sending
        .then(() => this.rpc.call("log", { runId, executionToken, lines }))
        .catch((error: unknown) => (this.#failed = error));
    }
    await this.#sending;
  }
}

class Context implements FactoryContext {
  readonly runId: string;
  readonly args: JsonValue;
  readonly #attempt: { runId: string; executionToken: string };

  constructor(
    execution: FactoryExecution,
    readonly session: CopilotSession,
    private readonly rpc: FactoryRpc,
    readonly signal: AbortSignal,
    private readonly progress: Progress,
  ) {
    const { runId, executionToken, args } = execution;
    this.runId = runId;
    this.args = args;
    this.#attempt = { runId, executionToken };
  }

  phase(title: string): void {
    this.progress.add("phase", title);
  }

  log(message: string): void {
    this.progress.add("log", message);
  }

  async agent(prompt: string, options: FactoryAgentOptions = {}): Promise<unknown> {
    await this.#ready();
    const known = AGENT_OPTIONS.filter((key) => options[key] !== undefined);
    const opts = Object.fromEntries(known.map((key) => [key, options[key]]));
    const { runId, executionToken } = this.#attempt;
    const params = { [`${this.rpc.family}RunId`]: runId, executionToken, prompt, opts };
    const { result } = (await this.#call("agent", params)) as FactoryAgentResult;
    return result ?? null;
  }

  async step(
    key: string,
    producer: () => Promise<JsonValue> | JsonValue,
    options?: { volatile?: boolean },
  ): Promise<JsonValue> {
    await this.#ready();
    if (options?.volatile) return strictJson(await producer(), `${this.rpc.family}_step_not_json`);
    const known = (await this.#call("journal.get", { ...this.#attempt, key })) as FactoryJournalGetResult;
    if (known.hit) return known.resultJson as JsonValue;
    const made = strictJson(await producer(), `${this.rpc.family}_step_not_json`);
    await this.#call("journal.put", { ...this.#attempt, key, resultJson: made });
    return made;
  }

  async pause(key: string): Promise<void> {
    if (inside.getStore()?.branch) throw new Error("pause() cannot be used inside parallel() or pipeline()");
    await this.#ready();
    await this.#call("pauseAtCheckpoint", { ...this.#attempt, key });
  }

  async parallel<TResult>(thunks: (() => Promise<TResult> | TResult)[]): Promise<(TResult | null)[]> {
    checkCount(thunks.length);
    return await Promise.all(thunks.map((thunk) => this.#branch(thunk)));
  }

  async pipeline(items: unknown[], ...stages: FactoryPipelineStage[]): Promise<unknown[]> {
    checkCount(items.length);
    const through = async (item: unknown, index: number): Promise<unknown> => {
      let value = item;
      for (const stage of stages) value = await stage(value, item, index);
      return value;
    };
    return await Promise.all(items.map((item, index) => this.#branch(() => through(item, index))));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- it always refuses, as a rejection
  async factory(name: string): Promise<never> {
    throw new Error(`factory "${name}" cannot be run from inside another factory`);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- it always refuses, as a rejection
  async workflow(name: string): Promise<never> {
    throw new Error(`workflow "${name}" cannot be run from inside another workflow`);
  }

  /** An ordinary failure costs the branch its result only; what ends the whole run goes on. */
  async #branch<T>(work: () => Promise<T> | T): Promise<T | null> {
    try {
      return await inside.run({ branch: true }, async () => await work());
    } catch (error) {
      const fatal = this.signal.aborted || error instanceof ResponseError || error instanceof ConnectionError;
      if (fatal) throw error;
      return null;
    }
  }

  async #ready(): Promise<void> {
    this.signal.throwIfAborted();
    await this.progress.flush();
  }

  async #call(method: string, params: unknown): Promise<unknown> {
    return await this.rpc.call(method, params, { signal: this.signal });
  }
}

function checkCount(count: number): void {
  if (count > MOST_BRANCHES)
    throw new RangeError(`at most ${String(MOST_BRANCHES)} branches, not ${String(count)}`);
}

/** The value, if JSON keeps all of it; otherwise an error with the code. */
function strictJson(value: unknown, code: string, path = "$", above: readonly object[] = []): JsonValue {
  const refuse = (what: string): never => {
    throw Object.assign(new TypeError(`${path} is ${what}, which JSON cannot keep`), { code });
  };
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : refuse(Object.is(value, -0) ? "-0" : String(value));
  }
  if (typeof value !== "object") return refuse(typeof value);
  if (above.includes(value)) return refuse("part of itself");
  const inner = [...above, value];
  const members = Array.isArray(value) ? [...(value as unknown[]).entries()] : Object.entries(value);
  for (const [key, member] of members) strictJson(member, code, `${path}.${String(key)}`, inner);
  return value as JsonValue;
}
