/** `npx copilot-native`: the command line of the engine, with the runtime that this package brings. */
import { commandLine } from "./native.js";
import { installedRuntime } from "./runtime-package.js";

process.exitCode = commandLine(["copilot-native", ...process.argv.slice(2)], installedRuntime());
