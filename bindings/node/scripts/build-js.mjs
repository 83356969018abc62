// Builds dist/ (ESM) and dist/cjs/ (CommonJS) from js/: one bundle each, because loading one module is much faster than
// loading thirty, with the two entry points as thin modules over it; and the declarations, the same for both.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const cjs = join(dist, "cjs");
const ENTRIES = ["index", "extension"];

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  // Says where it is, which is the one thing a bundle cannot.
  external: ["./here.js"],
  logLevel: "warning",
};

/** Names that a module exports at run time. */
async function exportsOf(name) {
  const entryPoints = [join("js", `${name}.ts`)];
  const result = await build({
    ...common,
    entryPoints,
    format: "esm",
    write: false,
    metafile: true,
    outdir: dist,
  });
  return Object.values(result.metafile.outputs)[0].exports.sort();
}

// npm packs a licence that lies beside package.json.
cpSync(join(root, "..", "..", "LICENSE"), join(root, "LICENSE"));

function tsc(...more) {
  const program = join(root, "node_modules", "typescript", "bin", "tsc");
  const args = [program, "-p", join(root, "tsconfig.json"), "--emitDeclarationOnly", ...more];
  execFileSync(process.execPath, args, { stdio: "inherit" });
}

function declarations() {
  const temporary = join(root, "types.tmp");
  tsc();
  // Generated unions name types that are marked internal: there, everything has to stay.
  tsc("--stripInternal", "false", "--outDir", temporary);
  cpSync(join(temporary, "generated"), join(dist, "generated"), { recursive: true });
  cpSync(join(root, "js", "here.d.ts"), join(dist, "here.d.ts"));
  rmSync(temporary, { recursive: true });
  cpSync(dist, temporary, { recursive: true });
  cpSync(temporary, cjs, { recursive: true });
  rmSync(temporary, { recursive: true });
}

/** Lets the examples import the package by its name. */
function linkExamples() {
  const modules = join(root, "..", "..", "examples", "node", "node_modules");
  const link = join(modules, "copilot-native");
  mkdirSync(modules, { recursive: true });
  rmSync(link, { recursive: true, force: true });
  symlinkSync(root, link, "junction");
}

rmSync(dist, { recursive: true, force: true });
linkExamples();
declarations();
mkdirSync(cjs, { recursive: true });
writeFileSync(join(cjs, "package.json"), '{"type":"commonjs"}\n');

const entryPoints = ["js/all.ts"];
await build({ ...common, entryPoints, format: "esm", outfile: join(dist, "all.js") });
await build({ ...common, entryPoints, format: "cjs", outfile: join(cjs, "all.js") });
cpSync(join(root, "scripts", "here.mjs.txt"), join(dist, "here.js"));
cpSync(join(root, "scripts", "here.cjs.txt"), join(cjs, "here.js"));

// What runs beside Temporal stands alone: the worker's part over the package, the workflow's over nothing but Temporal.
const temporal = {
  ...common,
  entryPoints: ["js/temporal/index.ts", "js/temporal/workflow.ts"],
  external: ["@temporalio/*", "../all.js"],
};
await build({ ...temporal, format: "esm", outdir: join(dist, "temporal") });
await build({ ...temporal, format: "cjs", outdir: join(cjs, "temporal") });

// A program of its own, which loads nothing of the package but what finds the addon and the runtime.
await build({
  ...common,
  entryPoints: ["js/command-line.ts"],
  format: "esm",
  banner: { js: "#!/usr/bin/env node" },
  outfile: join(dist, "command-line.js"),
});

for (const entry of ENTRIES) {
  const names = await exportsOf(entry);
  writeFileSync(join(dist, `${entry}.js`), `export { ${names.join(", ")} } from "./all.js";\n`);
  // Spelled out so that Node finds the names when an ES module imports this file.
  const lines = names.map((name) => `exports.${name} = all.${name};`).join("\n");
  const head = '"use strict";\nconst all = require("./all.js");\n';
  writeFileSync(join(cjs, `${entry}.js`), `${head}${lines}\n`);
}
