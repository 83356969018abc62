// Builds the addon with cargo and copies it beside package.json under the name that js/native.ts looks for.
// Usage: node scripts/build-native.mjs [--debug]
// It has the stores of session files by URL, which take minutes more to build, unless it is for debugging; STORES=1 and STORES=0
// say otherwise.
// GLIBC=2.17 builds for that C library and newer ones, by cargo-zigbuild, which must be in PATH.
import { execFileSync } from "node:child_process";
import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const debug = process.argv.includes("--debug");
const glibc = process.env.GLIBC;
const host = /^host: (.*)$/m.exec(execFileSync("rustc", ["-vV"]).toString())?.[1];
const wanted = process.env.STORES ? process.env.STORES !== "0" : !debug;
const features = wanted ? "stores" : "";
const stores = features ? ["--features", features] : [];
const args = ["-p", "copilot-node", ...(debug ? [] : ["--release"]), ...stores];
const how = glibc ? ["zigbuild", "--target", `${host}.${glibc}`] : ["build"];
execFileSync("cargo", [...how, ...args], { cwd: root, stdio: "inherit" });

const metadata = execFileSync("cargo", ["metadata", "--format-version", "1", "--no-deps"], {
  cwd: root,
  maxBuffer: 1 << 28,
});
const target = JSON.parse(metadata.toString()).target_directory;
const library = {
  darwin: "libcopilot_node.dylib",
  win32: "copilot_node.dll",
}[process.platform];
const built = join(target, glibc ? host : "", debug ? "debug" : "release", library ?? "libcopilot_node.so");
const addon = join(root, "copilot.node");
// A process may have the old file mapped: replace the name, never the bytes.
copyFileSync(built, `${addon}.new`);
renameSync(`${addon}.new`, addon);
// For those who write down what is in it.
writeFileSync(join(root, "copilot.features"), features);
console.log(addon);
