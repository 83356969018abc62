/** An extension joins the session of the runtime that started it, over its own standard streams. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

import { fakeRuntime, newDirectory } from "./peers.js";

const PACKAGE = new URL("../dist/extension.js", import.meta.url).href;

describe("joinSession", () => {
  it("speaks over the streams of its own process", async () => {
    const program = join(newDirectory(), "extension.mjs");
    writeFileSync(
      program,
      `import { joinSession } from ${JSON.stringify(PACKAGE)};
       const session = await joinSession();
       const answer = await session.sendAndWait("hello");
       console.error(session.sessionId + ": " + answer.data.content);
       await session.disconnect();
       process.exit(0);`,
    );
    const script = `[{"on":{"method":"session.resume"},"do":[{"reply":{"result":{"sessionId":"joined-1"}}}]},
      {"on":{"method":"session.send"},"do":[{"reply":{"result":{"messageId":"m"}}},
        {"event":{"type":"assistant.message","data":{"content":"hello"}}},{"event":{"type":"session.idle","data":{}}}]}]`;
    const runtime = spawn(fakeRuntime(), ["--script-json", script, "--stdio"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const extension = spawn(process.execPath, [program], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, SESSION_ID: "joined-1" },
    });
    runtime.stdout.pipe(extension.stdin);
    extension.stdout.pipe(runtime.stdin);
    extension.stdin.on("error", () => undefined);
    runtime.stdin.on("error", () => undefined);
    expect(await text(extension.stderr)).toMatch(/^joined-1: .*hello/);
    runtime.kill();
  });
});
