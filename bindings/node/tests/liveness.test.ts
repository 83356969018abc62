/** When the process ends by itself, when it stays, and that no runtime outlives it. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { eventually, isAlive, newDirectory, pidOf, runNode, script, startNode } from "./peers.js";

const newRecord = (): string => join(newDirectory(), "record.jsonl");

describe("the process", () => {
  it("ends by itself soon after stop()", async () => {
    const program = script(`
      const session = await client.createSession({ onPermissionRequest: approveAll });
      await session.sendAndWait("hello");
      await client.stop();
      const stopped = performance.now();
      process.on("exit", () => console.log(performance.now() - stopped));
    `);
    const record = newRecord();
    const ended = await runNode([program], { RECORD: record });
    expect(ended.stderr).toBe("");
    expect(ended.code).toBe(0);
    // Nothing holds it: no timer, no handle. How fast it is, the benchmark says.
    expect(Number(ended.stdout)).toBeLessThan(2000);
    await eventually(() => !isAlive(pidOf(record) as number), "the runtime is gone");
  });

  it("is not kept alive by a forgotten client", async () => {
    const record = newRecord();
    const ended = await runNode([script(`await client.start(); await client.ping();`)], { RECORD: record });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    await eventually(() => !isAlive(pidOf(record) as number), "the runtime is gone");
  });

  it("is kept alive by a pending call", async () => {
    const program = script(`
      client.start().then(() => console.log("started"));
    `);
    expect(await runNode([program])).toMatchObject({ code: 0, stdout: "started\n" });
  });

  it("is kept alive by an open session, and ends when it is disconnected", async () => {
    const program = script(`
      const session = await client.createSession({});
      console.log("open");
      process.on("SIGUSR2", () => session.disconnect());
    `);
    const child = startNode([program]);
    const code = new Promise((resolve) => child.on("exit", resolve));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    await sleep(300);
    expect(child.exitCode).toBe(null);
    child.kill("SIGUSR2");
    expect(await code).toBe(0);
  });

  it("ends when the runtime dies under an open session", async () => {
    const record = newRecord();
    const program = script(`
      await client.createSession({});
      console.log("open");
    `);
    const child = startNode([program], { RECORD: record });
    const code = new Promise((resolve) => child.on("exit", resolve));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    process.kill(pidOf(record) as number, "SIGKILL");
    expect(await code).toBe(0);
  });
});

describe("the runtime", () => {
  it("does not outlive a killed process", async () => {
    const record = newRecord();
    const child = startNode([script(`await client.createSession({}); console.log("open");`)], {
      RECORD: record,
    });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    const pid = pidOf(record) as number;
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    await eventually(() => !isAlive(pid), "the runtime is gone");
  });

  it("does not outlive process.exit()", async () => {
    const record = newRecord();
    await runNode([script(`await client.createSession({}); process.exit(0);`)], { RECORD: record });
    await eventually(() => !isAlive(pidOf(record) as number), "the runtime is gone");
  });

  it("ends with a client that was dropped without stop()", async () => {
    const record = newRecord();
    const program = script(`
      await client.start();
      client = undefined;
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        gc();
      }
      console.log("collected");
      setTimeout(() => undefined, 3000);
    `);
    const child = startNode(["--expose-gc", program], { RECORD: record });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    await eventually(() => !isAlive(pidOf(record) as number), "the runtime is gone", 2000);
    child.kill();
  });

  it("ends with its worker thread", async () => {
    const record = newRecord();
    const inner = script(
      `await client.createSession({}); (await import("node:worker_threads")).parentPort.postMessage("open");`,
    );
    const program = script(`
      const { Worker } = await import("node:worker_threads");
      const worker = new Worker(${JSON.stringify(inner)});
      await new Promise((resolve) => worker.once("message", resolve));
      await worker.terminate();
      console.log("terminated");
      setTimeout(() => undefined, 3000);
    `);
    const child = startNode([program], { RECORD: record });
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    await eventually(() => !isAlive(pidOf(record) as number), "the runtime is gone", 2000);
    child.kill();
  });
});
