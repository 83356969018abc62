/** Fails early, and says why, when something the tests need is not built. */
import { existsSync } from "node:fs";

import { ADDON, DIST, fakeRuntime, scriptedModel } from "./peers.js";

export default function setup(): void {
  for (const file of [ADDON, DIST, fakeRuntime(), scriptedModel()]) {
    if (!existsSync(file))
      throw new Error(`${file} is missing: run npm run build and cargo build -p copilot-testkit`);
  }
}
