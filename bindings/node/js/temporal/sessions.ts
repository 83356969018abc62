/** The sessions that a worker has open, in one runtime. */
import type { CopilotClient } from "../client.js";
import type { CopilotSession } from "../session.js";
import type { SessionConfig } from "../types/session.js";
import { lostRuntime, reasonOf } from "./failures.js";
import type { TurnRequest } from "./messages.js";

interface Held {
  session: CopilotSession;
  client: CopilotClient;
  busy: boolean;
}

/** Lets in so many at a time, in the order in which they came. */
class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  readonly #room: number;

  constructor(room: number) {
    this.#room = room;
    this.#free = room;
  }

  get isEmpty(): boolean {
    return this.#free === this.#room;
  }

  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/** Opens sessions when their turns come, and keeps them open for the next ones as long as there is room. */
export class Sessions {
  readonly #newClient: () => CopilotClient;
  readonly #optionsOf: (request: TurnRequest) => SessionConfig;
  readonly #room: number;
  readonly #turns: Gate;
  #client: CopilotClient | undefined;
  /** Those used last at the end. */
  readonly #held = new Map<string, Held>();
  readonly #gates = new Map<string, Gate>();

  constructor(
    newClient: () => CopilotClient,
    optionsOf: (request: TurnRequest) => SessionConfig,
    room: number,
  ) {
    this.#newClient = newClient;
    this.#optionsOf = optionsOf;
    this.#room = room;
    this.#turns = new Gate(room);
  }

  /** Starts the runtime. Rejects when the client's options are wrong; that it does not start is told where turns fail. */
  async warm(): Promise<void> {
    const client = this.#connected();
    await client.start().catch(() => this.#beginAnew(client));
  }

  #connected(): CopilotClient {
    return (this.#client ??= this.#newClient());
  }

  /** Gives a runtime up with all that was open in it, once; the next turn starts another. */
  async #beginAnew(client: CopilotClient): Promise<void> {
    if (this.#client === client) await this.#forget()?.forceStop();
  }

  /** Gives all sessions up, and stops the runtime. */
  async stop(): Promise<void> {
    const client = this.#forget();
    await client?.stop();
  }

  #forget(): CopilotClient | undefined {
    const client = this.#client;
    this.#client = undefined;
    this.#held.clear();
    return client;
  }

  /** One at a time for each session. */
  async #alone<T>(sessionId: string, work: () => Promise<T>): Promise<T> {
    const gate = this.#gates.get(sessionId) ?? new Gate(1);
    this.#gates.set(sessionId, gate);
    try {
      return await gate.through(work);
    } finally {
      if (gate.isEmpty) this.#gates.delete(sessionId);
    }
  }

  /** A session for the time of a turn. After an error it is given up, so that whoever tries again begins anew. */
  async during<T>(request: TurnRequest, work: (session: CopilotSession) => Promise<T>): Promise<T> {
    const { sessionId } = request;
    return await this.#alone(sessionId, () =>
      this.#turns.through(async () => {
        const held = this.#held.get(sessionId) ?? (await this.#opened(request));
        this.#held.delete(sessionId);
        this.#held.set(sessionId, held);
        held.busy = true;
        try {
          return await work(held.session);
        } catch (error) {
          await this.#giveUp(sessionId);
          if (lostRuntime(error)) await this.#beginAnew(held.client);
          throw error;
        } finally {
          held.busy = false;
        }
      }),
    );
  }

  async #opened(request: TurnRequest): Promise<Held> {
    while (this.#held.size >= this.#room) {
      const [idle] = [...this.#held].find(([, held]) => !held.busy) ?? [];
      if (idle === undefined) break;
      await this.#giveUp(idle);
    }
    const client = this.#connected();
    try {
      return { session: await this.#resumedOrCreated(client, request), client, busy: true };
    } catch (error) {
      if (lostRuntime(error)) await this.#beginAnew(client);
      throw error;
    }
  }

  async #resumedOrCreated(client: CopilotClient, request: TurnRequest): Promise<CopilotSession> {
    const { sessionId } = request;
    const options = this.#optionsOf(request);
    try {
      return await client.resumeSession(sessionId, options);
    } catch (error) {
      if (reasonOf(error) !== "session.not_found") throw error;
      return await client.createSession({ ...options, sessionId });
    }
  }

  /** Gives a session up, once its turn is over. */
  async leave(sessionId: string): Promise<void> {
    await this.#alone(sessionId, () => this.#giveUp(sessionId));
  }

  async #giveUp(sessionId: string): Promise<void> {
    const held = this.#held.get(sessionId);
    if (held === undefined) return;
    this.#held.delete(sessionId);
    try {
      // The turn was cancelled, or failed: nobody waits for its answer any more.
      if (held.busy) await held.session.abort();
      await held.session.disconnect();
    } catch {
      // It is lost already.
    }
  }
}
