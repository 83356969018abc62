/** Ways to reach a runtime. */
import { inspect } from "node:util";

import { isObject, wrong } from "./given.js";
import type {
  InProcessRuntimeConnection,
  RuntimeConnection as AnyConnection,
  RunOnUiThread,
  StdioRuntimeConnection,
  TcpRuntimeConnection,
  UriRuntimeConnection,
} from "./types/client.js";

interface ChildOptions {
  path?: string;
  args?: readonly string[];
  env?: Record<string, string>;
}

interface RuntimeConnectionFactories {
  readonly forStdio: (options?: ChildOptions) => StdioRuntimeConnection;
  readonly forTcp: (
    options?: ChildOptions & { port?: number; connectionToken?: string },
  ) => TcpRuntimeConnection;
  readonly forUri: (url: string, options?: { connectionToken?: string }) => UriRuntimeConnection;
  readonly forInProcess: (options?: { runOnUiThread?: RunOnUiThread }) => InProcessRuntimeConnection;
}

/** A way to reach a runtime. */
export type RuntimeConnection = AnyConnection;

/** Has `console.log` leave out what may hold a secret. */
function shy<T extends { env?: unknown; connectionToken?: unknown }>(connection: T): T {
  const show = ({ env, connectionToken, ...rest }: T): object => ({
    ...rest,
    ...(connectionToken !== undefined && { connectionToken: "[redacted]" }),
    ...(env !== undefined && { env: "[redacted]" }),
  });
  return Object.defineProperty(connection, inspect.custom, { value: () => show(connection) });
}

export const RuntimeConnection: RuntimeConnectionFactories = {
  /** A child process, spoken to over its standard streams. */
  forStdio: (options = {}) => shy({ kind: "stdio", ...options }),
  /** A child process that listens on a port. */
  forTcp: (options = {}) => shy({ kind: "tcp", ...options }),
  /** A runtime that somebody else started. */
  forUri: (url, options = {}) => {
    if (typeof url !== "string") throw wrong("url", 'an address such as "localhost:3000"', url);
    return shy({ kind: "uri", url, ...options });
  },
  /** The runtime's library inside this process. */
  forInProcess: (options = {}) => ({ kind: "inprocess", ...options }),
};

/** Refuses what is no connection; nothing given is fine. */
export function checkConnection(connection: unknown): void {
  if (connection === undefined || connection === null || isObject(connection)) return;
  const hint = typeof connection === "string" ? "RuntimeConnection.forUri() makes one of an address" : "";
  throw wrong("connection", "a RuntimeConnection", connection, hint);
}
