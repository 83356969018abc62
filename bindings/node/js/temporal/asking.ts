/** What the agent asks in a turn is asked in the workflow, where a person may answer it later. */
import { createHash } from "node:crypto";

import type { Client } from "@temporalio/client";

import { ASK, FLEETING } from "../generated/temporal.js";
import type { PermissionRequestResult, UserInputResponse } from "../types/handlers.js";
import type { SessionConfig } from "../types/session.js";
import type { Question, TurnRequest } from "./messages.js";

interface Turn {
  key: string;
  workflowId: string;
  client: Client;
  /** How often the same was asked in this turn. */
  asked: Map<string, number>;
}

/** Knows which turn a session is in, and whom to ask. */
export class Asking {
  readonly #turns = new Map<string, Turn>();

  /** For the time of a turn. */
  async about<T>(
    { sessionId, key, workflowId }: TurnRequest,
    client: Client,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#turns.set(sessionId, { key, workflowId, client, asked: new Map() });
    try {
      return await work();
    } finally {
      this.#turns.delete(sessionId);
    }
  }

  /** Options of a session, for what the worker has no handler of its own. */
  handlers(sessionId: string): Pick<SessionConfig, "onPermissionRequest" | "onUserInputRequest"> {
    return {
      onPermissionRequest: async (request) => decision(await this.#ask(sessionId, "permission", request)),
      onUserInputRequest: async (request) => {
        const answer = await this.#ask(sessionId, "user_input", request);
        return typeof answer === "string" ? { answer, wasFreeform: true } : (answer as UserInputResponse);
      },
    };
  }

  async #ask(sessionId: string, kind: Question["kind"], request: object): Promise<unknown> {
    const turn = this.#turns.get(sessionId);
    if (turn === undefined) throw new Error("the agent asks outside of a turn, where nobody can be asked");
    const lasting = Object.entries(request).filter(([name]) => !FLEETING.has(name));
    const digest = createHash("sha256")
      .update(kind + JSON.stringify(lasting))
      .digest("hex")
      .slice(0, 16);
    const number = (turn.asked.get(digest) ?? 0) + 1;
    turn.asked.set(digest, number);
    const id = `${turn.key}?${digest}-${String(number)}`;
    const question: Question = { id, kind, request: { ...request, sessionId } };
    const workflow = turn.client.workflow.getHandle(turn.workflowId);
    return await workflow.executeUpdate<unknown, [Question]>(ASK, { args: [question], updateId: id });
  }
}

/** What was decided: yes or no, a decision of the wire, or a text, which is a no with a reason. */
function decision(answer: unknown): PermissionRequestResult {
  if (answer === true) return { kind: "approve-once" };
  if (answer === false) return { kind: "reject" };
  if (typeof answer === "string") return { kind: "reject", feedback: answer };
  if (typeof (answer as { kind?: unknown } | null)?.kind === "string")
    return answer as PermissionRequestResult;
  const got = JSON.stringify(answer);
  throw new TypeError(`a permission is answered by true, false, a reason or a decision, not by ${got}`);
}
