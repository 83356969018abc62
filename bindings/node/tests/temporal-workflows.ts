/** Workflows that the worker of temporal-worker.ts runs. Bundled by Temporal: only what workflows may use. */
import { continueAsNew } from "@temporalio/workflow";

import { converse, type ConversationState } from "../dist/temporal/workflow.js";

/** Short, so that what is waited for in tests is. */
const heartbeatTimeout = 3000;

/** Says what it is told to say; the answers, and who gave them. */
export async function chat(prompts: string[]): Promise<unknown> {
  return await converse(
    async (chat) => {
      const answers = [];
      for (const prompt of prompts) {
        const { text, worker } = await chat.turn(prompt);
        answers.push([text, worker]);
      }
      return answers;
    },
    { heartbeatTimeout },
  );
}

const place = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "number" } },
  required: ["city", "degrees"],
};

/** A typed answer, then a decision of a person. */
export async function weather(prompt: string): Promise<unknown> {
  return await converse(
    async (chat) => {
      const { value } = await chat.turn<{ city: string; degrees: number }>(prompt, place);
      return [value.city, value.degrees, await chat.approval(`Go to ${value.city}?`)];
    },
    { heartbeatTimeout },
  );
}

/** The workflow answers what the agent asks. */
export async function decided(prompt: string): Promise<string | null> {
  const answer = (): Promise<unknown> => Promise.resolve("not from here");
  return await converse(async (chat) => (await chat.turn(prompt)).text, { heartbeatTimeout, answer });
}

/** As many runs as turns: each goes on with the session of the one before. */
export async function long(left: number, state?: ConversationState): Promise<unknown> {
  return await converse(
    async (chat) => {
      const { text } = await chat.turn(`turn ${String(left)}`);
      if (left > 1) await continueAsNew<typeof long>(left - 1, chat.state);
      return [chat.state.turns, text];
    },
    { heartbeatTimeout, state },
  );
}
