// Compiles js/ twice: dist/ (ESM and declarations) and dist/cjs/ (CommonJS and declarations).
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "cjs"), { recursive: true });
writeFileSync(join(dist, "cjs", "package.json"), '{"type":"commonjs"}\n');
for (const config of ["tsconfig.json", "tsconfig.cjs.json"]) {
  execFileSync(process.execPath, [tsc, "-p", join(root, config)], { stdio: "inherit" });
}
// The one thing a module cannot say in both formats is where it is.
copyFileSync(join(root, "scripts", "here.mjs.txt"), join(dist, "here.js"));
copyFileSync(join(root, "scripts", "here.cjs.txt"), join(dist, "cjs", "here.js"));
for (const directory of [dist, join(dist, "cjs")]) {
  copyFileSync(join(root, "js", "here.d.ts"), join(directory, "here.d.ts"));
}
