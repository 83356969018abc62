/** Ways to reach a runtime. */
import type {
  InProcessRuntimeConnection,
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
  readonly forInProcess: () => InProcessRuntimeConnection;
}

export const RuntimeConnection: RuntimeConnectionFactories = {
  /** A child process, spoken to over its standard streams. */
  forStdio: (options = {}) => ({ kind: "stdio", ...options }),
  /** A child process that listens on a port. */
  forTcp: (options = {}) => ({ kind: "tcp", ...options }),
  /** A runtime that somebody else started. */
  forUri: (url, options = {}) => ({ kind: "uri", url, ...options }),
  /** The runtime's library inside this process. */
  forInProcess: () => ({ kind: "inprocess" }),
};
