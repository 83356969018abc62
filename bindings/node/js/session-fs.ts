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
import { HandlerAnswer, messageOf } from "./errors.js";

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
  /** The bytes of a file that may be no text; runtimes ask for them when `capabilities.binary` is set. */
  readFileBytes?(path: string): Promise<Uint8Array>;
  /** Replaces a file by bytes. */
  writeFileBytes?(path: string, content: Uint8Array, mode?: number): Promise<void>;
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
  params: Record<string, unknown> | undefined,
): Record<string, string | number | null> | undefined {
  if (!params) return undefined;
  const entries = Object.entries(params).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string | number | null>;
}

function emptyQueryResult(): SessionFsSqliteQueryResult {
  return { rows: [], columns: [], rowsAffected: 0 };
}

/** The handler of the runtime's file calls over a provider: failures become results. */
export function createSessionFsAdapter(provider: SessionFsProvider): SessionFsHandler {
  return { ...fileOperations(provider), ...sqliteOperations(provider) };
}

type SqliteOperation = "sqliteQuery" | "sqliteExists" | "sqliteTransaction";

function noBytes(): never {
  throw new Error("this provider serves text only: it has no readFileBytes and writeFileBytes");
}

async function readBytes(provider: SessionFsProvider, path: string): Promise<string> {
  if (!provider.readFileBytes) noBytes();
  return Buffer.from(await provider.readFileBytes(path)).toString("base64");
}

async function writeBytes(
  provider: SessionFsProvider,
  path: string,
  content: string,
  mode?: number,
): Promise<void> {
  if (!provider.writeFileBytes) noBytes();
  await provider.writeFileBytes(path, Buffer.from(content, "base64"), mode);
}

function fileOperations(provider: SessionFsProvider): Omit<SessionFsHandler, SqliteOperation> {
  return {
    async readFile({ path }) {
      try {
        return { content: await provider.readFile(path) };
      } catch (thrown) {
        return { content: "", error: toFsError(thrown) };
      }
    },
    async readFileBytes({ path }) {
      try {
        return { content: await readBytes(provider, path) };
      } catch (thrown) {
        return { content: "", error: toFsError(thrown) };
      }
    },
    writeFileBytes: ({ path, content, mode }) => attempt(() => writeBytes(provider, path, content, mode)),
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
        const prepare = statements as SessionFsSqliteStatement[];
        return { results: await provider.sqlite.transaction(prepare.map(prepared)) };
      } catch (thrown) {
        const errorClass = thrown instanceof SessionFsSqliteTransactionFailure ? thrown.errorClass : "fatal";
        return { results: [], error: { errorClass, message: messageOf(thrown) } };
      }
    },
  };
}

/** The error codes the engine tells apart. */
function refusal(thrown: unknown): HandlerAnswer {
  const { code } = toFsError(thrown);
  const details =
    thrown instanceof SessionFsSqliteTransactionFailure ? { errorClass: thrown.errorClass } : { code };
  return new HandlerAnswer(messageOf(thrown), undefined, details);
}

function unsupported(): never {
  throw new HandlerAnswer(NO_SQLITE, undefined, { code: "UNSUPPORTED" });
}

type Operation = (provider: SessionFsProvider, params: never) => Promise<unknown>;

/** Operations by the name the engine calls them; results are plain values, failures are thrown. */
const OPERATIONS: Record<string, Operation | undefined> = {
  readFile: (fs, { path }: FsParams) => fs.readFile(path),
  writeFile: (fs, { path, content, mode }: FsParams) => fs.writeFile(path, content, mode),
  readFileBytes: (fs, { path }: FsParams) => readBytes(fs, path),
  writeFileBytes: (fs, { path, content, mode }: FsParams) => writeBytes(fs, path, content, mode),
  appendFile: (fs, { path, content, mode }: FsParams) => fs.appendFile(path, content, mode),
  exists: (fs, { path }: FsParams) => fs.exists(path),
  stat: (fs, { path }: FsParams) => fs.stat(path),
  mkdir: (fs, { path, recursive, mode }: FsParams) => fs.mkdir(path, recursive, mode),
  readdir: (fs, { path }: FsParams) => fs.readdir(path),
  readdirWithTypes: (fs, { path }: FsParams) => fs.readdirWithTypes(path),
  rm: (fs, { path, recursive, force }: FsParams) => fs.rm(path, recursive, force),
  rename: (fs, { src, dest }: FsParams) => fs.rename(src, dest),
  sqliteQuery: async ({ sqlite }, { queryType, query, params }: SqlParams) =>
    (await (sqlite ?? unsupported()).query(queryType, query, bindable(params))) ?? emptyQueryResult(),
  sqliteExists: ({ sqlite }) => (sqlite ?? unsupported()).exists(),
  sqliteTransaction: ({ sqlite }, { statements }: SqlParams) =>
    sqlite?.transaction ? sqlite.transaction(statements.map(prepared)) : unsupported(),
};

interface FsParams {
  path: string;
  content: string;
  mode?: number;
  recursive: boolean;
  force: boolean;
  src: string;
  dest: string;
}

interface SqlParams extends SessionFsSqliteStatement {
  statements: SessionFsSqliteStatement[];
}

function prepared({ queryType, query, params }: SessionFsSqliteStatement): SessionFsSqliteStatement {
  const bound = bindable(params);
  return bound ? { queryType, query, params: bound } : { queryType, query };
}

/** Serves the engine's file calls from a provider. */
export function serveSessionFs(provider: SessionFsProvider): (call: SessionFsCall) => Promise<unknown> {
  return async ({ method, ...params }) => {
    try {
      const operation = OPERATIONS[method] ?? unsupported();
      return (await operation(provider, params as never)) ?? null;
    } catch (thrown) {
      throw thrown instanceof HandlerAnswer ? thrown : refusal(thrown);
    }
  };
}
