/** A session's file system served by the program. */
import type {
  SessionFsError,
  SessionFsHandler,
  SessionFsReaddirWithTypesEntry,
  SessionFsSqliteQueryResult as GeneratedSqliteQueryResult,
  SessionFsSqliteQueryType,
  SessionFsSqliteTransactionErrorClass,
  SessionFsStatResult,
} from "./generated/rpc.js";
import { messageOf } from "./errors.js";

export type SessionFsFileInfo = Omit<SessionFsStatResult, "error">;
export type SessionFsSqliteQueryResult = Omit<GeneratedSqliteQueryResult, "error">;

/** One statement of a transaction. */
export interface SessionFsSqliteStatement {
  queryType: SessionFsSqliteQueryType;
  query: string;
  params?: Record<string, string | number | null>;
}

/** Says whether a failed transaction may be tried again. */
export class SessionFsSqliteTransactionFailure extends Error {
  readonly errorClass: SessionFsSqliteTransactionErrorClass;

  constructor(message: string, errorClass: SessionFsSqliteTransactionErrorClass = "fatal") {
    super(message);
    this.name = "SessionFsSqliteTransactionFailure";
    this.errorClass = errorClass;
  }
}

export interface SessionFsSqliteProvider {
  query(
    queryType: SessionFsSqliteQueryType,
    query: string,
    params?: Record<string, string | number | null>,
  ): Promise<SessionFsSqliteQueryResult | undefined>;
  exists(): Promise<boolean>;
  transaction?(statements: SessionFsSqliteStatement[]): Promise<SessionFsSqliteQueryResult[]>;
}

export interface SessionFsProvider {
  readFile(path: string): Promise<string>;
  writeFile(path: string, content: string, mode?: number): Promise<void>;
  appendFile(path: string, content: string, mode?: number): Promise<void>;
  exists(path: string): Promise<boolean>;
  stat(path: string): Promise<SessionFsFileInfo>;
  mkdir(path: string, recursive: boolean, mode?: number): Promise<void>;
  readdir(path: string): Promise<string[]>;
  readdirWithTypes(path: string): Promise<SessionFsReaddirWithTypesEntry[]>;
  rm(path: string, recursive: boolean, force: boolean): Promise<void>;
  rename(src: string, dest: string): Promise<void>;
  sqlite?: SessionFsSqliteProvider;
}

/** What arrives for a session's file system; `method` names the operation. */
export type SessionFsCall = { method: string } & Record<string, unknown>;

const NO_SQLITE = "SQLite is not supported by this provider";

function toFsError(thrown: unknown): SessionFsError {
  const code = (thrown as { code?: unknown } | null | undefined)?.code === "ENOENT" ? "ENOENT" : "UNKNOWN";
  return { code, message: messageOf(thrown) };
}

/** Runs an operation whose only result is its failure. */
async function attempt(operation: () => Promise<void>): Promise<SessionFsError | undefined> {
  try {
    await operation();
    return undefined;
  } catch (thrown) {
    return toFsError(thrown);
  }
}

/** Drops values that cannot be bound. */
function bindable(
  params: Record<string, string | number | null | undefined> | undefined,
): Record<string, string | number | null> | undefined {
  if (!params) return undefined;
  const entries = Object.entries(params).filter((entry): entry is [string, string | number | null] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(entries);
}

function emptyQueryResult(): SessionFsSqliteQueryResult {
  return { rows: [], columns: [], rowsAffected: 0 };
}

/** The handler of the runtime's file calls over a provider: failures become results. */
export function createSessionFsAdapter(provider: SessionFsProvider): SessionFsHandler {
  return { ...fileOperations(provider), ...sqliteOperations(provider) };
}

type SqliteOperation = "sqliteQuery" | "sqliteExists" | "sqliteTransaction";

function fileOperations(provider: SessionFsProvider): Omit<SessionFsHandler, SqliteOperation> {
  return {
    async readFile({ path }) {
      try {
        return { content: await provider.readFile(path) };
      } catch (thrown) {
        return { content: "", error: toFsError(thrown) };
      }
    },
    writeFile: ({ path, content, mode }) => attempt(() => provider.writeFile(path, content, mode)),
    appendFile: ({ path, content, mode }) => attempt(() => provider.appendFile(path, content, mode)),
    async exists({ path }) {
      try {
        return { exists: await provider.exists(path) };
      } catch {
        return { exists: false };
      }
    },
    async stat({ path }) {
      try {
        return { ...(await provider.stat(path)) };
      } catch (thrown) {
        const now = new Date().toISOString();
        const nothing = { isFile: false, isDirectory: false, size: 0, mtime: now, birthtime: now };
        return { ...nothing, error: toFsError(thrown) };
      }
    },
    mkdir: ({ path, recursive, mode }) => attempt(() => provider.mkdir(path, recursive ?? false, mode)),
    async readdir({ path }) {
      try {
        return { entries: await provider.readdir(path) };
      } catch (thrown) {
        return { entries: [], error: toFsError(thrown) };
      }
    },
    async readdirWithTypes({ path }) {
      try {
        return { entries: await provider.readdirWithTypes(path) };
      } catch (thrown) {
        return { entries: [], error: toFsError(thrown) };
      }
    },
    rm: ({ path, recursive, force }) => attempt(() => provider.rm(path, recursive ?? false, force ?? false)),
    rename: ({ src, dest }) => attempt(() => provider.rename(src, dest)),
  };
}

function sqliteOperations(provider: SessionFsProvider): Pick<SessionFsHandler, SqliteOperation> {
  return {
    async sqliteQuery({ queryType, query, params }) {
      if (!provider.sqlite) throw new Error(NO_SQLITE);
      const result = await provider.sqlite.query(queryType, query, bindable(params));
      return result ?? emptyQueryResult();
    },
    async sqliteExists() {
      if (!provider.sqlite) throw new Error(NO_SQLITE);
      return { exists: await provider.sqlite.exists() };
    },
    async sqliteTransaction({ statements }) {
      try {
        if (!provider.sqlite?.transaction) throw new Error(NO_SQLITE);
        const prepared = (statements as SessionFsSqliteStatement[]).map(({ queryType, query, params }) => {
          const bound = bindable(params);
          return bound ? { queryType, query, params: bound } : { queryType, query };
        });
        return { results: await provider.sqlite.transaction(prepared) };
      } catch (thrown) {
        const errorClass = thrown instanceof SessionFsSqliteTransactionFailure ? thrown.errorClass : "fatal";
        return { results: [], error: { errorClass, message: messageOf(thrown) } };
      }
    },
  };
}

/** Serves the engine's file calls: operations by name over the adapter. */
export function serveSessionFs(provider: SessionFsProvider): (call: SessionFsCall) => Promise<unknown> {
  const handler = createSessionFsAdapter(provider) as unknown as Record<
    string,
    ((params: unknown) => Promise<unknown>) | undefined
  >;
  return async ({ method, ...params }) => {
    const operation = handler[method];
    if (!operation) throw new Error(`Unknown file operation ${method}`);
    return (await operation(params)) ?? null;
  };
}
