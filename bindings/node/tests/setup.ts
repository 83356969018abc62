/**
 * Fails early, and says why, when something the tests need is not built. Makes the folder for what tests write, and removes
 * it afterwards.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ADDON, DIST, fakeRuntime, scriptedModel } from "./peers.js";

export default function setup(): () => void {
  for (const file of [ADDON, DIST, fakeRuntime(), scriptedModel()]) {
    if (!existsSync(file))
      throw new Error(`${file} is missing: run npm run build and cargo build -p copilot-testkit`);
  }
  const folder = mkdtempSync(join(tmpdir(), "copilot-node-"));
  process.env["COPILOT_TEST_FOLDER"] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
