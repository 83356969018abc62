/** Hosts for clients that speak the Agent Host Protocol: options → the engine, questions of the engine → the options. */
import { sessionMembers } from "./config.js";
import type { CallOptions, Connection, Question } from "./connection.js";
import { noHandler } from "./dispatch.js";
import type {
  HostListSessionsResult,
  HostPublishSessionResult,
  HostStartResult,
  HostUnpublishSessionResult,
} from "./generated/rpc.js";
import { newSessionId } from "./native.js";
import type { CopilotSession } from "./session.js";
import type { AhpHostExit, AhpHostOptions, AhpSessionAuthentication } from "./types/ahp-host.js";

/** A running host. */
export class AhpHost implements AsyncDisposable {
  readonly hostId: string;
  /** Where clients connect: a WebSocket url. */
  readonly url?: string;
  /** What clients present as the url's `tkn`. */
  readonly token?: string;
  readonly pid?: number;
  readonly environmentId?: string;
  readonly #connection: Connection;

  /** @internal */
  constructor(started: HostStartResult, connection: Connection) {
    this.hostId = started.hostId;
    Object.assign(this, started);
    this.#connection = connection;
  }

  /** Ends the host. The sessions stay. */
  async dispose(options?: CallOptions): Promise<void> {
    await this.#ask("host.dispose", {}, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  /** Whether clients may begin sessions, from now on. */
  async setAllowCreatingNewSessions(allowed: boolean, options?: CallOptions): Promise<void> {
    await this.#ask("host.setSessionCreationPolicy", { allowCreatingNewSessions: allowed }, options);
  }

  /** Offers an open session of this client to the host's clients. */
  async publishSession(sessionId: string, options?: CallOptions): Promise<HostPublishSessionResult> {
    return (await this.#ask("host.publishSession", { sessionId }, options)) as HostPublishSessionResult;
  }

  /** Takes a session back. */
  async unpublishSession(sessionId: string, options?: CallOptions): Promise<HostUnpublishSessionResult> {
    return (await this.#ask("host.unpublishSession", { sessionId }, options)) as HostUnpublishSessionResult;
  }

  /** The sessions that the host offers. */
  async listSessions(options?: CallOptions): Promise<HostListSessionsResult> {
    return (await this.#ask("host.listSessions", {}, options)) as HostListSessionsResult;
  }

  async #ask(method: string, params: object, options?: CallOptions): Promise<unknown> {
    return await this.#connection.request(method, { hostId: this.hostId, ...params }, options);
  }
}

interface Asked {
  hostId: string;
  sessionId: string;
  config: Record<string, unknown>;
  resume: boolean;
  authentication: AhpSessionAuthentication;
  token: string;
}

/** One host: what serves it, and the sessions that were handed over. */
interface Host {
  readonly options: AhpHostOptions;
  readonly handed: Map<string, CopilotSession>;
}

/** The hosts of one client, by id. */
export class AhpHosts {
  readonly #hosts = new Map<string, Host>();

  async start(connection: Connection, options: AhpHostOptions, call?: CallOptions): Promise<AhpHost> {
    const hostId = newSessionId();
    // The runtime may ask before it has answered.
    this.#hosts.set(hostId, { options, handed: new Map() });
    try {
      const wire = { hostId, ...toWire(options) };
      const started = await connection.submit("client.startAhpHost", { options: wire }, call);
      return new AhpHost(started as HostStartResult, connection);
    } catch (thrown) {
      this.#hosts.delete(hostId);
      throw thrown;
    }
  }

  /** What the engine asks and tells of a host. */
  async serve(question: Question): Promise<unknown> {
    const asked = question.args as Asked;
    const host = this.#hosts.get(asked.hostId);
    // One whose start was given up.
    if (!host) return null;
    switch (question.name) {
      case "materializeSession": {
        const session = await handOver(host.options, asked, question);
        host.handed.set(session.sessionId, session);
        return { sessionId: session.sessionId };
      }
      case "validateAuthentication": {
        const { authentication } = host.options;
        return await authentication?.authenticate?.({ token: asked.token, signal: question.signal });
      }
      case "sessionReleased": {
        const session = host.handed.get(asked.sessionId);
        host.handed.delete(asked.sessionId);
        if (session) await host.options.onSessionReleased?.(session);
        return null;
      }
      case "exited":
        this.#hosts.delete(asked.hostId);
        await host.options.onExit?.(question.args as AhpHostExit);
        return null;
      default:
        throw noHandler(question);
    }
  }
}

function toWire({ authentication, createSession, resumeSession, ...rest }: AhpHostOptions): object {
  const { localServer, githubEnvironment, computeId, workspace, allowCreatingNewSessions } = rest;
  const { mode, requireIdentity, authenticate } = authentication ?? {};
  return {
    ...{ localServer, githubEnvironment, computeId, workspace, allowCreatingNewSessions },
    sessionFactory: createSession !== undefined,
    resumeFactory: resumeSession !== undefined,
    ...(authentication && {
      authentication: { mode, requireIdentity },
      authenticate: authenticate !== undefined,
    }),
  };
}

async function handOver(options: AhpHostOptions, asked: Asked, question: Question): Promise<CopilotSession> {
  const { createSession, resumeSession } = options;
  const common = { authentication: asked.authentication, signal: question.signal };
  const config = sessionMembers(asked.config);
  if (!asked.resume && createSession) return await createSession({ config, ...common });
  if (!asked.resume || !resumeSession) throw noHandler(question);
  const { sessionId = "", ...rest } = config;
  return await resumeSession({ sessionId, config: rest, ...common });
}
