/**
 * Compares the declarations of the Node package with those of the official one: every type that it exports must be
 * assignable to ours and ours to it. What is not must have a reason in reasons.json, and a reason must be needed. Types
 * under `wider` only have to take the official ones: newer runtimes gave them more values than that release knows.
 *
 *     node compare.mjs
 */
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const node = join(here, "../../bindings/node");
const ts = createRequire(join(node, "package.json"))("typescript");
const reasons = JSON.parse(readFileSync(join(here, "reasons.json"), "utf8"));
const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
  typeRoots: [join(node, "node_modules/@types")],
};

/** What a module exports, by name. */
function exportsOf(file) {
  const program = ts.createProgram([file], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const found = new Map();
  for (const exported of checker.getExportsOfModule(module)) {
    const isAlias = exported.flags & ts.SymbolFlags.Alias;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const parameters = (symbol.declarations ?? []).map(
      (each) => each.typeParameters ?? [],
    );
    found.set(exported.name, {
      isType: (symbol.flags & ts.SymbolFlags.Type) !== 0,
      isValue: (symbol.flags & ts.SymbolFlags.Value) !== 0,
      isClass: (symbol.flags & ts.SymbolFlags.Class) !== 0,
      parameters: Math.max(
        0,
        ...parameters.map((each) => each.filter((one) => !one.default).length),
      ),
    });
  }
  return found;
}

/** A program that assigns each export both ways; and the names that are not there at all. */
function program(official, ours) {
  const [theirs, mine] = [exportsOf(official), exportsOf(ours)];
  const path = (file) => JSON.stringify(file.replace(/\.d\.ts$/, ".js"));
  const lines = [
    `import type * as O from ${path(official)};`,
    `import type * as N from ${path(ours)};`,
    // Classes are compared by what is public.
    "type Public<T> = Pick<T, keyof T>;",
  ];
  const missing = [];
  const both = (name, one, other) => {
    lines.push(
      `declare let o${lines.length}: ${one}, n${lines.length}: ${other};`,
    );
    const at = lines.length - 1;
    lines.push(
      `n${at} = o${at}; // ${name}`,
      `o${at} = n${at}; // ${name} (ours)`,
    );
  };
  for (const [name, { isType, isValue, isClass, parameters }] of theirs) {
    const found = mine.get(name);
    if (!found || (isType && !found.isType) || (isValue && !found.isValue))
      missing.push(name);
    else if (isType) {
      const filled =
        parameters > 0 ? `<${Array(parameters).fill("any").join(", ")}>` : "";
      const of = (side) =>
        isClass
          ? `Public<${side}.${name}${filled}>`
          : `${side}.${name}${filled}`;
      both(name, of("O"), of("N"));
    } else both(name, `typeof O.${name}`, `typeof N.${name}`);
  }
  return { text: lines.join("\n"), missing, count: theirs.size };
}

/** Names that differ, with what the compiler says. */
function differences(text, folder) {
  const file = join(folder, "compared.ts");
  writeFileSync(file, text);
  const lines = text.split("\n");
  const found = new Map();
  for (const problem of ts.getPreEmitDiagnostics(
    ts.createProgram([file], options),
  )) {
    if (problem.file?.fileName !== file) continue;
    const { line } = problem.file.getLineAndCharacterOfPosition(problem.start);
    const name = lines[line].split("// ")[1] ?? lines[line];
    const [bare, isOurs] = [
      name.replace(" (ours)", ""),
      name.endsWith(" (ours)"),
    ];
    // What ours does not take counts more than what it has beyond.
    if (isOurs && found.has(bare)) continue;
    found.set(bare, {
      isWider: isOurs,
      said: ts.flattenDiagnosticMessageText(problem.messageText, "\n  "),
    });
  }
  return found;
}

let failed = false;
const folder = mkdtempSync(join(here, "compared-"));
try {
  for (const entry of ["index", "extension"]) {
    const official = join(
      here,
      "node_modules/@github/copilot-sdk/dist",
      `${entry}.d.ts`,
    );
    const { text, missing, count } = program(
      official,
      join(node, "dist", `${entry}.d.ts`),
    );
    const found = differences(text, folder);
    for (const name of missing)
      found.set(name, { isWider: false, said: "it is not exported" });
    const known = reasons[entry];
    const wider = reasons.wider[entry];
    const isExplained = ([name, { isWider }]) =>
      name in known || (isWider && wider.includes(name));
    const unexplained = [...found].filter((each) => !isExplained(each));
    const stale = [...Object.keys(known), ...wider].filter(
      (name) => !found.has(name),
    );
    const different = found.size - wider.length;
    const explained = `each with a reason: ${unexplained.length === 0}`;
    console.log(
      `${entry}: ${count} exports, ${different} differ and ${wider.length} are wider, ${explained}`,
    );
    for (const [name, { said, isWider }] of unexplained)
      console.error(`${entry} ${name}${isWider ? " (wider)" : ""}:\n  ${said}`);
    for (const name of stale)
      console.error(`${entry} ${name}: its reason is no longer needed`);
    failed ||= unexplained.length + stale.length > 0 || count < 30;
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
