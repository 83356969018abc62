// Lays out what is published and packs it. Needs a build (npm run build).
//
// Usage: node scripts/pack.mjs DESTINATION [--without-addon]
//
// Two tarballs per run: the package itself, and the addon of this platform as a package of its own, which the first names as
// optional dependency. A release runs this on every platform, and takes the first tarball from a run --without-addon.
// Without that flag the first holds the addon too, so that it can be installed alone.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [destination, ...flags] = process.argv.slice(2);
if (destination === undefined) throw new Error("usage: node scripts/pack.mjs DESTINATION [--without-addon]");

/** napi target → what npm must know to choose it. */
const TARGETS = {
  "linux-x64": { triple: "x86_64-unknown-linux-gnu", os: "linux", cpu: "x64", libc: "glibc" },
  "linux-arm64": { triple: "aarch64-unknown-linux-gnu", os: "linux", cpu: "arm64", libc: "glibc" },
  "linuxmusl-x64": { triple: "x86_64-unknown-linux-musl", os: "linux", cpu: "x64", libc: "musl" },
  "linuxmusl-arm64": { triple: "aarch64-unknown-linux-musl", os: "linux", cpu: "arm64", libc: "musl" },
  "darwin-x64": { triple: "x86_64-apple-darwin", os: "darwin", cpu: "x64" },
  "darwin-arm64": { triple: "aarch64-apple-darwin", os: "darwin", cpu: "arm64" },
  "win32-x64": { triple: "x86_64-pc-windows-msvc", os: "win32", cpu: "x64" },
  "win32-arm64": { triple: "aarch64-pc-windows-msvc", os: "win32", cpu: "arm64" },
};
/** Where programs find what is not the package itself, when they know nothing of `exports`. */
const ENTRIES = {
  extension: "extension",
  temporal: "temporal/index",
  "temporal/workflow": "temporal/workflow",
};
const SBOM = "copilot-native.cdx.json";
/** The version of the runtime's own platform packages that this package was made for. */
const RUNTIME = "1.0.14";

const isMusl = process.platform === "linux" && !process.report.getReport().header?.glibcVersionRuntime;
const platform = `${process.platform}${isMusl ? "musl" : ""}-${process.arch}`;
const staging = mkdtempSync(join(tmpdir(), "copilot-native-pack-"));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

function stage(name, files, members, more = () => {}) {
  const folder = join(staging, name);
  mkdirSync(folder);
  for (const file of files) {
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: npm run build`);
    cpSync(join(root, file), join(folder, file), { recursive: true, dereference: true });
  }
  more(folder);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(members, null, 2)}\n`);
  const args = ["pack", "--silent", "--pack-destination", resolve(destination)];
  return execFileSync("npm", args, { cwd: folder, shell: process.platform === "win32" })
    .toString()
    .trim();
}

function mainPackage() {
  const published = { ...manifest };
  delete published.devDependencies;
  delete published.scripts;
  const names = Object.keys(TARGETS);
  const addons = names.map((name) => [`copilot-native-${name}`, manifest.version]);
  const runtimes = names.map((name) => [`@github/copilot-sdk-${name}`, RUNTIME]);
  const optionalDependencies = Object.fromEntries([...addons, ...runtimes]);
  const files = ["dist", "README.md", "LICENSE"];
  const withAddon = !flags.includes("--without-addon");
  if (withAddon) files.push("copilot.node");
  return stage("copilot-native", files, { ...published, optionalDependencies }, (folder) => {
    redirects(folder);
    if (withAddon) madeOf(folder);
  });
}

/** Writes beside the addon which crates are in it, as CycloneDX. */
function madeOf(folder) {
  const script = join(root, "..", "..", "ffi", "sbom.py");
  const python = process.platform === "win32" ? "python" : "python3";
  const { triple } = TARGETS[platform];
  const features = readFileSync(join(root, "copilot.features"), "utf8");
  const args = [
    "--package",
    "copilot-node",
    "--features",
    features,
    "--target",
    triple,
    "--output",
    join(folder, SBOM),
  ];
  execFileSync(python, [script, ...args], { stdio: "inherit" });
}

/** Tools that know no `exports` look for a folder of the entry's name. */
function redirects(folder) {
  for (const [entry, file] of Object.entries(ENTRIES)) {
    const way = "../".repeat(entry.split("/").length);
    const target = { main: `${way}dist/cjs/${file}.js`, types: `${way}dist/cjs/${file}.d.ts` };
    mkdirSync(join(folder, entry), { recursive: true });
    writeFileSync(join(folder, entry, "package.json"), `${JSON.stringify(target, null, 2)}\n`);
  }
}

function platformPackage() {
  const { triple, os, cpu, libc } = TARGETS[platform] ?? {};
  if (os === undefined) throw new Error(`no package is made for ${platform}`);
  const { version, license, repository, engines } = manifest;
  const members = {
    name: `copilot-native-${platform}`,
    version,
    description: `The addon of copilot-native for ${triple}`,
    license,
    repository,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    main: "copilot.node",
    files: ["copilot.node", SBOM],
  };
  return stage(`copilot-native-${platform}`, ["copilot.node", "LICENSE"], members, madeOf);
}

try {
  mkdirSync(resolve(destination), { recursive: true });
  for (const name of [mainPackage(), platformPackage()]) console.log(join(destination, name));
} finally {
  rmSync(staging, { recursive: true, force: true });
}
