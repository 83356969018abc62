import type {
  ClientGlobalApiHandlers,
  ClientSessionApiHandlers,
  InternalServerRpc,
  InternalSessionRpc,
  ServerRpc,
  SessionRpc,
} from "./rpc.js";
import {
  CLIENT_GLOBAL_METHODS,
  CLIENT_SESSION_METHODS,
  INTERNAL_SERVER_METHODS,
  INTERNAL_SESSION_METHODS,
  SERVER_METHODS,
  SESSION_METHODS,
} from "./methods.js";

/** What the namespaces need of a connection. */
export interface RpcConnection {
  request(method: string, params?: unknown, options?: never): Promise<unknown>;
}

/** What registering handlers needs of a connection. */
export interface RpcReceiver {
  onRequest(method: string, handler: (params: never) => Promise<unknown>): unknown;
}

type Call = (method: string, params: unknown, options: never) => Promise<unknown>;
type Space = Record<string, unknown>;
type Answer = (params: unknown) => Promise<unknown>;
type Maker = (call: Call) => Space;

/** Turns a method list into a function that makes the nested object; a namespace is made when first read. */
function compile(methods: string, prefix = ""): Maker {
  const names: [string, string][] = [];
  const below = new Map<string, string[]>();
  for (const path of methods.split(" ")) {
    const dot = path.indexOf(".");
    if (dot < 0) {
      names.push([path, prefix + path]);
    } else {
      const space = path.slice(0, dot);
      const list = below.get(space) ?? [];
      list.push(path.slice(dot + 1));
      below.set(space, list);
    }
  }
  const makers = [...below].map(([space, list]): [string, () => Maker] => {
    let made: Maker | undefined;
    return [space, () => (made ??= compile(list.join(" "), `${prefix}${space}.`))];
  });
  return (call) => {
    const space: Space = {};
    for (const [name, wire] of names) {
      space[name] = (params: unknown, options: never) => call(wire, params, options);
    }
    for (const [name, maker] of makers) {
      Object.defineProperty(space, name, {
        configurable: true,
        enumerable: true,
        get() {
          const value = maker()(call);
          Object.defineProperty(space, name, { value, enumerable: true });
          return value;
        },
      });
    }
    return space;
  };
}

function once(methods: string, prefix?: string): Maker {
  let made: Maker | undefined;
  return (call) => (made ??= compile(methods, prefix))(call);
}

const server = once(SERVER_METHODS);
const internalServer = once(INTERNAL_SERVER_METHODS);
const session = once(SESSION_METHODS, "session.");
const internalSession = once(INTERNAL_SESSION_METHODS, "session.");

function forSession(connection: RpcConnection, sessionId: string): Call {
  return (method, params, options) =>
    connection.request(method, { ...(params as object | undefined), sessionId }, options);
}

function forServer(connection: RpcConnection): Call {
  return (method, params, options) => connection.request(method, params ?? {}, options);
}

export function createServerRpc(connection: RpcConnection): ServerRpc {
  return server(forServer(connection)) as unknown as ServerRpc;
}

export function createSessionRpc(connection: RpcConnection, sessionId: string): SessionRpc {
  return session(forSession(connection, sessionId)) as unknown as SessionRpc;
}

/** @internal */
export function createInternalServerRpc(connection: RpcConnection): InternalServerRpc {
  return internalServer(forServer(connection)) as unknown as InternalServerRpc;
}

/** @internal */
export function createInternalSessionRpc(connection: RpcConnection, sessionId: string): InternalSessionRpc {
  return internalSession(forSession(connection, sessionId)) as unknown as InternalSessionRpc;
}

function register(
  connection: RpcReceiver,
  methods: string,
  choose: (group: string, params: Record<string, unknown>) => Record<string, Answer>,
): void {
  for (const wire of methods.split(" ")) {
    const parts = wire.split(".");
    const group = parts[0] as string;
    const name = parts[parts.length - 1] as string;
    connection.onRequest(wire, async (params: Record<string, unknown>) => {
      const handler = choose(group, params);
      return (handler[name] as Answer).call(handler, params);
    });
  }
}

export function registerClientSessionApiHandlers(
  connection: RpcReceiver,
  getHandlers: (sessionId: string) => ClientSessionApiHandlers,
): void {
  register(connection, CLIENT_SESSION_METHODS, (group, params) => {
    const sessionId = params["sessionId"] as string;
    const found = (getHandlers(sessionId) as Record<string, unknown>)[group];
    if (!found) {
      throw new Error(`No ${group} handler registered for session: ${sessionId}`);
    }
    return found as Record<string, Answer>;
  });
}

export function registerClientGlobalApiHandlers(connection: RpcReceiver, handlers: ClientGlobalApiHandlers): void {
  register(connection, CLIENT_GLOBAL_METHODS, (group) => {
    const found = (handlers as Record<string, unknown>)[group];
    if (!found) {
      throw new Error(`No ${group} client-global handler registered`);
    }
    return found as Record<string, Answer>;
  });
}
