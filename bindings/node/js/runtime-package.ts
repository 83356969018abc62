/** The runtime that `npm install` brought along: one optional package per platform. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { here } from "./here.js";
import { systemName } from "./native.js";
import type { CopilotClientOptions, RuntimeConnection } from "./types/client.js";

/** On Linux the other C library's package is tried too, as a package manager may have installed either. */
function platforms(): string[] {
  const systems = process.platform === "linux" ? [systemName(), "linux", "linuxmusl"] : [systemName()];
  return [...new Set(systems)].map((system) => `${system}-${process.arch}`);
}

/** The program in the installed platform package, if there is one. */
export function installedRuntime(): string | undefined {
  const program = process.platform === "win32" ? "copilot-runtime.exe" : "copilot-runtime";
  for (const base of [here, pathToFileURL(join(process.cwd(), "package.json")).href]) {
    if (base === undefined) continue;
    for (const platform of platforms()) {
      const name = `@github/copilot-sdk-${platform}`;
      for (const folder of createRequire(base).resolve.paths(name) ?? []) {
        const file = join(folder, name, "prebuilds", platform, program);
        if (existsSync(file)) return file;
      }
    }
  }
  return undefined;
}

/** The connection with the installed runtime filled in where the program names none, in whatever way. */
export function withInstalledRuntime(options: CopilotClientOptions): RuntimeConnection | undefined {
  const { connection } = options;
  const own =
    (connection as { env?: CopilotClientOptions["env"] } | undefined)?.env ?? options.env ?? process.env;
  const path = (connection as { path?: string } | undefined)?.path;
  const kind = connection?.kind ?? "stdio";
  if (path !== undefined || own["COPILOT_CLI_PATH"] || !["stdio", "tcp", "inprocess"].includes(kind)) {
    return connection;
  }
  const found = installedRuntime();
  if (found === undefined || (!connection && process.env["COPILOT_SDK_DEFAULT_CONNECTION"]))
    return connection;
  return { ...connection, kind, path: found } as RuntimeConnection;
}
