/** Ready-made permission handlers, and answers that say who decided. */
import { shown } from "./given.js";
import type { PermissionDecisionContext } from "./generated/rpc.js";
import type {
  AttributedPermissionResult,
  PermissionHandler,
  PermissionRequestResult,
} from "./types/handlers.js";

/** Modes that forbid to bypass permissions, as managed settings name them. */
export const DisableBypassPermissionsModes: {
  readonly Disable: "disable";
  readonly AllowAutoOnly: "allow-auto-only";
} = Object.freeze({ Disable: "disable", AllowAutoOnly: "allow-auto-only" });

/** Approves every request, except where an administrator demands a human: those are left to the session's other clients. */
export const approveAll: PermissionHandler = (request, invocation) => {
  if (invocation.managedSettingsEnabled) {
    throw new Error("approveAll cannot be used in a session with managed settings");
  }
  const needsHuman = invocation.needsHuman ?? isReserved(request.managedApprovalRequired);
  return needsHuman ? { kind: "no-result" } : { kind: "approve-once" };
};

/** For a program that calls the handler itself, without what the engine says: anything but absent, null or false counts. */
function isReserved(mark: unknown): boolean {
  return mark !== undefined && mark !== null && mark !== false;
}

/** Leaves every request to the session's other clients; what an extension uses when it has no handler of its own. */
export const defaultJoinSessionPermissionHandler: PermissionHandler = () => ({ kind: "no-result" });

/** Says who decided, and how, beside the decision. */
export function createAttributedPermissionResult(
  result: PermissionRequestResult | AttributedPermissionResult,
  decisionContext: PermissionDecisionContext,
): AttributedPermissionResult {
  return { kind: "attributed", result: isAttributed(result) ? result.result : result, decisionContext };
}

export function isAttributed(
  result: PermissionRequestResult | AttributedPermissionResult,
): result is AttributedPermissionResult {
  return result.kind === "attributed";
}

/** A handler's decision as the engine takes it. */
export function permissionAnswer(result: PermissionRequestResult | AttributedPermissionResult): unknown {
  if (typeof (result as { kind?: unknown } | null | undefined)?.kind !== "string") {
    throw new TypeError(
      `it returned ${shown(result)}; expected a decision such as { kind: "approve-once" } or { kind: "reject" }, ` +
        'or { kind: "no-result" } to leave it to others',
    );
  }
  if (!isAttributed(result)) return result;
  if (result.result.kind === "no-result") return result.result;
  return { decision: result.result, decisionContext: result.decisionContext };
}
