// Handlers with the canned behaviour that cases name.
import { setTimeout as sleep } from "node:timers/promises";

const hang = (signal) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("cancelled")), { once: true }));

/** A tool that answers, fails, echoes or hangs. */
export function cannedTool({ name, description, parameters, answer, fail, echo, hang: hangs, delay_ms }) {
  const handler = async (args, invocation) => {
    if (delay_ms) await sleep(delay_ms);
    if (fail !== undefined) throw new Error(fail);
    if (hangs) return await hang(invocation.signal);
    return echo ? JSON.stringify(args) : answer;
  };
  return { name, description: description ?? name, ...(parameters && { parameters }), handler };
}

/** A permission handler; `undefined` for none. */
export function cannedPermission(behaviour) {
  if (behaviour === undefined) return undefined;
  return async (_request, { signal }) => {
    if (behaviour === "approve") return { kind: "approve-once" };
    if (behaviour === "throw") throw new Error("the handler failed");
    if (behaviour === "hang") return await hang(signal);
    if (behaviour.reject) return { kind: "reject", ...behaviour.reject };
    return { kind: behaviour };
  };
}

/** A user-input handler; `undefined` for none. */
export function cannedUserInput(behaviour) {
  if (behaviour === undefined) return undefined;
  return async (_request, { signal }) => {
    if (behaviour.throw) throw new Error(behaviour.throw);
    if (behaviour.hang) return await hang(signal);
    return { answer: behaviour.answer, wasFreeform: behaviour.wasFreeform ?? false };
  };
}
