/** Many starts and many sessions leave nothing behind. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { CopilotClient, RuntimeConnection } from "../dist/index.js";
import { eventually, fakeClient, fakeRuntime, runNode, script } from "./peers.js";

const CYCLES = 200;
const SESSIONS = 1000;
/** As many as take about ten seconds; COPILOT_SOAK=1 has five times as many. */
const SESSION_CYCLES = process.env["COPILOT_SOAK"] === "1" ? 100_000 : 20_000;
const count = (of: string): number => readdirSync(`/proc/self/${of}`).length;

describe("over and over", () => {
  it.skipIf(process.platform !== "linux")(
    "200 starts and stops leave no process, descriptor or thread, and no memory to speak of",
    async () => {
      const program = script(`
        import { readdirSync, readFileSync } from "node:fs";
        const count = (of) => readdirSync("/proc/self/" + of).length;
        const children = () => readFileSync("/proc/self/task/" + process.pid + "/children", "utf8").trim();
        const cycle = async () => {
          const client = new CopilotClient({ connection: RuntimeConnection.forStdio({ path: process.env.FAKE }) });
          const session = await client.createSession({});
          await session.sendAndWait("x");
          const errors = await client.stop();
          if (errors.length > 0) throw errors[0];
        };
        for (let i = 0; i < 20; i++) await cycle();
        global.gc();
        const before = { fd: count("fd"), task: count("task"), rss: process.memoryUsage().rss };
        for (let i = 0; i < ${String(CYCLES)}; i++) await cycle();
        for (let i = 0; i < 50 && children() !== ""; i++) await new Promise((resolve) => setTimeout(resolve, 100));
        global.gc();
        console.log(JSON.stringify({
          fd: count("fd") - before.fd,
          task: count("task") - before.task,
          grown: process.memoryUsage().rss - before.rss,
          children: children(),
        }));
      `);
      const ended = await runNode(["--expose-gc", program]);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      const left = JSON.parse(ended.stdout) as Record<string, number | string>;
      expect(left).toMatchObject({ children: "" });
      expect(left["fd"]).toBeLessThanOrEqual(0);
      expect(left["task"]).toBeLessThanOrEqual(0);
      // 200 leaked clients would be far more than this.
      expect(left["grown"]).toBeLessThan(16 * 1024 * 1024);
    },
    120_000,
  );

  it.skipIf(process.platform !== "linux")(
    `${SESSION_CYCLES.toLocaleString("en")} sessions made and left on one client leave no memory behind`,
    async () => {
      const event = { event: { type: "session.start", data: {} } };
      const rules = [{ on: { method: "session.create" }, do: [{ reply: "default" }, event] }];
      const program = script(`
        const count = ${String(SESSION_CYCLES)};
        client = new CopilotClient({ connection: RuntimeConnection.forStdio({
          path: process.env.FAKE, args: ["--script-json", ${JSON.stringify(JSON.stringify(rules))}] }) });
        const resident = async () => {
          for (let i = 0; i < 5; i++) { global.gc(); await new Promise(setImmediate); }
          return process.memoryUsage().rss;
        };
        let before = 0;
        for (let i = 0; i < count; i++) {
          if (i === 1000) before = await resident();
          const session = await client.createSession({});
          if (i % 2) { session.on(() => undefined); session.events(); }
          await session.disconnect();
          if (i % 500 === 0) global.gc();
        }
        const grown = await resident() - before;
        const { received, queuedEvents, queuedBytes } = client.counters();
        const { openSessions } = await client.diagnostics();
        console.log(JSON.stringify({ grown, received, queuedEvents, queuedBytes, openSessions }));
        await client.stop();
      `);
      // How V8 sizes its young generation, and what its helper threads hold, is not what is measured.
      const small = ["--max-semi-space-size=1", "--single-threaded"];
      const ended = await runNode(["--expose-gc", ...small, program]);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      const { grown, ...left } = JSON.parse(ended.stdout) as { grown: number };
      expect(left).toEqual({ received: SESSION_CYCLES, queuedEvents: 0, queuedBytes: 0, openSessions: 0 });
      expect(grown).toBeLessThan(2 * 1024 * 1024);
    },
    600_000,
  );

  it("1,000 sessions on one client, all of them answering", async () => {
    const { client } = fakeClient();
    const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => client.createSession({})));
    expect(new Set(sessions.map(({ sessionId }) => sessionId)).size).toBe(SESSIONS);
    const answers = await Promise.all(
      sessions.map((session, index) => session.sendAndWait(`I am ${String(index)}`)),
    );
    answers.forEach((answer, index) => {
      expect(answer?.data.content).toContain(`I am ${String(index)}`);
    });
    expect(await client.stop()).toEqual([]);
  }, 120_000);

  it.skipIf(process.platform !== "linux")(
    "clients that are merely dropped give back what they held",
    async () => {
      const before = count("fd");
      for (let i = 0; i < 20; i++) {
        const client = new CopilotClient({ connection: RuntimeConnection.forStdio({ path: fakeRuntime() }) });
        await client.start();
        await client.forceStop();
      }
      await eventually(() => count("fd") <= before + 2, "descriptors are closed");
    },
  );
});
