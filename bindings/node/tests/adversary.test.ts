/**
 * A runtime that misbehaves by a seed: whatever it does, every call ends, with a result or an error of the package, and
 * nothing is rejected behind the program's back. `ADVERSARY_SEEDS=FROM..TO` chooses the seeds; `ADVERSARY_SEEDS=7` repeats one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

import {
  CopilotClient,
  RuntimeConnection,
  approveAll,
  defineTool,
  type CopilotSession,
} from "../dist/index.js";
import { fakeRuntime } from "./peers.js";

/** How long the program waits for an answer before it goes on without, and by when the end must have come, in ms. */
const PATIENCE = 150;
const BOUND = 120_000;
const AT_ONCE = 16;

const [first = "0", last] = (process.env["ADVERSARY_SEEDS"] ?? "0..10").split("..");
const SEEDS = Array.from(
  { length: (last === undefined ? Number(first) + 1 : Number(last)) - Number(first) },
  (_, n) => Number(first) + n,
);

/** Mistakes of the package itself. */
const MISTAKES = [TypeError, ReferenceError, RangeError, SyntaxError];

class Life {
  readonly #client: CopilotClient;
  readonly #pending: Promise<void>[] = [];
  constructor(
    readonly seed: number,
    readonly outcomes: Set<string>,
  ) {
    const options = { path: fakeRuntime(), args: ["--adversary", String(seed)] };
    const connection =
      seed % 4 === 0 ? RuntimeConnection.forTcp(options) : RuntimeConnection.forStdio(options);
    this.#client = new CopilotClient({ connection, useLoggedInUser: false });
  }

  /** What came of it, if it came soon; it must end in any case, at the latest with the client. */
  async attempt<T>(what: string, call: Promise<T>, patience = PATIENCE): Promise<T | undefined> {
    let value: T | undefined;
    const ended = call.then(
      (result) => {
        value = result;
        this.outcomes.add("result");
      },
      (error: unknown) => {
        const own =
          error instanceof Error &&
          error.message !== "" &&
          !MISTAKES.some((kind) => error.constructor === kind);
        if (!own) throw new Error(`seed ${String(this.seed)}: ${what}: ${String(error)}`, { cause: error });
        this.outcomes.add((error as { kind?: string }).kind ?? error.name);
      },
    );
    this.#pending.push(ended);
    await Promise.race([ended, sleep(patience, undefined, { ref: false })]);
    return value;
  }

  async run(): Promise<void> {
    const client = this.#client;
    await this.attempt("start", client.start(), 3000);
    await this.attempt("ping", client.ping("x"));
    await this.attempt("listModels", client.listModels());
    await this.attempt("listSessions", client.listSessions());
    const tool = defineTool("t", { description: "", handler: (given) => JSON.stringify(given) });
    const config = { onPermissionRequest: approveAll, tools: [tool], streaming: true };
    const session: CopilotSession | undefined = await this.attempt(
      "createSession",
      client.createSession(config),
    );
    if (session !== undefined) {
      await this.attempt("sendAndWait", session.sendAndWait({ prompt: "a" }));
      await this.attempt("send", session.send({ prompt: "b" }));
      await this.attempt("getEvents", session.getEvents());
      await this.attempt("abort", session.abort());
      await this.attempt("disconnect", session.disconnect());
    }
    await this.attempt("resumeSession", client.resumeSession("s", config));
    const end: Promise<unknown> = this.seed % 3 === 0 ? client.stop() : client.forceStop();
    await this.attempt("stop", end, BOUND);
    // Whatever was still waited for ends with the client.
    const late = sleep(BOUND, "late", { ref: false });
    expect(await Promise.race([Promise.all(this.#pending), late]), `seed ${String(this.seed)}`).not.toBe(
      "late",
    );
  }
}

it("every call ends with a result or an error of the package", { timeout: 3_600_000 }, async () => {
  const rejected: unknown[] = [];
  const notice = (reason: unknown): void => void rejected.push(reason);
  process.on("unhandledRejection", notice);
  const outcomes = new Set<string>();
  const left = [...SEEDS];
  const worker = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift())
      await new Life(seed, outcomes).run();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await sleep(50);
  process.off("unhandledRejection", notice);
  expect(rejected).toEqual([]);
  if (SEEDS.length > 1) expect(outcomes.size, [...outcomes].join()).toBeGreaterThan(4);
});
