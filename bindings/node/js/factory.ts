/** Factories and workflows: declaring one, and telling when a run is over. */
import type { FactoryRunStatus, WorkflowRunStatus } from "./generated/rpc.js";
import type { FactoryDefinition, FactoryHandle, FactoryMeta, JsonValue } from "./types/factory.js";
import type { WorkflowDefinition, WorkflowHandle } from "./types/workflow.js";

export type { FactoryRunStatus } from "./generated/rpc.js";

const TERMINAL: ReadonlySet<string> = new Set(["completed", "halted", "paused", "cancelled", "error"]);

/** Whether a run with this status has ended. */
export function isFactoryRunTerminal(status: FactoryRunStatus): boolean {
  return TERMINAL.has(status);
}

/** Whether a run with this status has ended. */
export function isWorkflowRunTerminal(status: WorkflowRunStatus): boolean {
  return TERMINAL.has(status);
}

const definitions = new WeakMap<object, FactoryDefinition>();

/** Longest delay a timer can have, in seconds. */
const MAX_SECONDS = 2_147_483.647;
const NANO = 1e9;

/** Declares a factory; only an extension can offer it to the runtime. */
export function defineFactory<
  TArgs extends JsonValue = JsonValue,
  TResult extends JsonValue | void = JsonValue | void,
>(definition: FactoryDefinition<TArgs, TResult>): FactoryHandle<TArgs, TResult> {
  const meta = structuredClone(definition.meta);
  checkPhases(meta);
  checkLimits(meta);
  const handle = Object.freeze({ meta: deepFreeze(meta) }) as unknown as FactoryHandle<TArgs, TResult>;
  definitions.set(handle, definition);
  return handle;
}

/** Declares a workflow; only an extension can offer it, to a runtime from 1.0.89-7 on. */
export function defineWorkflow<
  TArgs extends JsonValue = JsonValue,
  TResult extends JsonValue | void = JsonValue | void,
>(definition: WorkflowDefinition<TArgs, TResult>): WorkflowHandle<TArgs, TResult> {
  return defineFactory(
    definition as unknown as FactoryDefinition<TArgs, TResult>,
  ) as unknown as WorkflowHandle<TArgs, TResult>;
}

/** The definition behind a handle. */
export function definitionOf(handle: FactoryHandle): FactoryDefinition {
  const definition = definitions.get(handle);
  if (!definition) throw new Error("Invalid factory handle");
  return definition;
}

function checkPhases({ name, phases }: FactoryMeta): void {
  const seen = new Set<string>();
  for (const { title } of phases) {
    if (title.trim() === "") throw new Error(`Factory ${name}: a phase title must not be blank`);
    if (seen.has(title)) throw new Error(`Factory ${name}: duplicate phase title "${title}"`);
    seen.add(title);
  }
}

function checkLimits({ limits }: FactoryMeta): void {
  if (!limits) return;
  for (const key of ["maxConcurrentSubagents", "maxTotalSubagents"] as const) {
    const value = limits[key];
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new Error(`Factory limit ${key} must be a positive integer`);
    }
  }
  const { timeoutSeconds, maxAiCredits } = limits;
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds <= MAX_SECONDS)) {
    throw new Error(`Factory limit timeoutSeconds must be positive and at most ${String(MAX_SECONDS)}`);
  }
  if (maxAiCredits !== undefined) {
    const nano = Math.round(maxAiCredits * NANO);
    if (!(Number.isSafeInteger(nano) && nano >= 1)) {
      throw new Error("Factory limit maxAiCredits must be a positive, finite number");
    }
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
