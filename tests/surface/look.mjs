/**
 * What the declarations of Node packages offer; prints JSON for `check.py`, or writes `node.txt` of official releases.
 *
 *     node look.mjs FOLDER                     a package with a `dist` folder
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const node = join(here, "../../bindings/node");
const ts = createRequire(join(node, "package.json"))("typescript");
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

/** Properties of an object type, literals of a union of texts, and of a union of objects what any of them has. */
function members(checker, type, found) {
  for (const part of type.isUnion() ? type.types : [type]) {
    if (part.isStringLiteral()) {
      found.add(`=${part.value.replaceAll(" ", "_")}`);
    } else if (
      part.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection) &&
      !checker.isArrayType(part)
    ) {
      for (const property of checker.getPropertiesOfType(part)) {
        const isPrivate = property.declarations?.some(
          (each) =>
            ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Private,
        );
        if (!isPrivate && !/^[_#]/.test(property.name)) {
          found.add(property.name);
        }
      }
    }
  }
}

function look(file) {
  const program = ts.createProgram([file], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const out = {};
  for (const exported of checker.getExportsOfModule(
    checker.getSymbolAtLocation(source),
  )) {
    const isAlias = exported.flags & ts.SymbolFlags.Alias;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const found = new Set();
    if (symbol.flags & ts.SymbolFlags.Type) {
      members(checker, checker.getDeclaredTypeOfSymbol(symbol), found);
    }
    if (
      symbol.flags & ts.SymbolFlags.Value &&
      !(symbol.flags & ts.SymbolFlags.Function)
    ) {
      members(
        checker,
        checker.getTypeOfSymbolAtLocation(symbol, source),
        found,
      );
    }
    found.delete("prototype");
    // What every function, text or list has says nothing.
    out[exported.name] = [...found].sort();
  }
  return out;
}

const [folder] = process.argv.slice(2);
const surface = {};
for (const [module, file] of [
  ["index", "index.d.ts"],
  ["extension", "extension.d.ts"],
]) {
  const at = join(folder, "dist", file);
  if (ts.sys.fileExists(at)) {
    surface[module] = look(at);
  }
}
process.stdout.write(JSON.stringify(surface));
