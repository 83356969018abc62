// The page of `copilot-native trace` in a real browser: search, filters, turns folded and unfolded, 100,000 messages.
// usage: run.mjs PROGRAM BROWSER [PICTURE]   (the real runtime is named by COPILOT_CLI_PATH)
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [program, executablePath, picture] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "trace-"));
const run = (args, options) =>
  execFileSync(program, args, { encoding: "utf8", ...options });

/** Two turns with the real runtime, one of which runs a tool after a question. */
function conversation() {
  const script = join(folder, "script.json");
  const bash = {
    name: "bash",
    arguments: { command: "echo done", description: "Says done" },
  };
  const replies = [
    { when: { contains: "run it" }, text: "I run it.", toolCalls: [bash] },
    { when: { lastRole: "tool" }, chunks: ["It said ", "done."] },
  ];
  writeFileSync(script, JSON.stringify(replies));
  const trace = join(folder, "conversation.jsonl");
  const env = { ...process.env, COPILOT_NATIVE_TRACE: trace };
  run(["chat", `--scripted=${script}`], {
    env,
    input: "please run it\ny\nthank you\n",
  });
  return trace;
}

/** As many turns as it takes to have so many messages. */
function long(messages) {
  const trace = join(folder, "long.jsonl");
  const lines = [];
  const line = (direction, message) => {
    const at = 1.7e12 + lines.length * 0.25;
    lines.push(
      JSON.stringify({ at, pid: 1, client: 1, direction, bytes: 300, message }),
    );
  };
  const event = (type, data) =>
    line("in", {
      jsonrpc: "2.0",
      method: "session.event",
      params: { sessionId: "s", event: { type, data } },
    });
  for (let turn = 0; lines.length < messages; turn++) {
    const params = { sessionId: "s", prompt: `turn number ${turn}` };
    line("out", { jsonrpc: "2.0", id: turn, method: "session.send", params });
    line("in", { jsonrpc: "2.0", id: turn, result: {} });
    for (let n = 0; n < 97; n++)
      event("assistant.message_delta", {
        deltaContent: "ordinary – text ".repeat(10),
      });
    event("session.idle", {});
  }
  appendFileSync(trace, `${lines.slice(0, messages).join("\n")}\n`);
  return trace;
}

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox"],
});

async function opened(trace) {
  run(["trace", trace]);
  const page = await browser.newPage({
    viewport: { width: 1200, height: 560 },
  });
  page.on("pageerror", (error) => assert.fail(error));
  page.on("request", (request) =>
    assert.match(request.url(), /^file:/, "it needs nothing but itself"),
  );
  const begin = Date.now();
  await page.goto(pathToFileURL(`${trace}.html`).href);
  const count = () => page.locator("#count").textContent();
  const [messages] = (await count()).split(" ");
  console.log(
    `viewer: ${messages} messages shown after ${Date.now() - begin} ms`,
  );
  return {
    page,
    count,
    messages: Number(messages),
    names: () => page.locator(".row .name").allTextContents(),
  };
}

try {
  const { page, count, messages, names } = await opened(conversation());
  assert.ok(messages > 30);
  const before = await names();
  assert.ok(
    before.some((name) => name.includes("turn: please run it")) &&
      before.some((name) => name.includes("session.create")),
  );

  await page.fill("#search", "echo done");
  const found = (await names()).join("\n");
  assert.match(found, /tool\.execution_start bash/);
  assert.doesNotMatch(found, /session\.create/);
  await page.fill("#search", "");
  await page.selectOption("#kind", "call");
  assert.ok((await names()).every((name) => !name.includes("assistant.")));
  await page.selectOption("#kind", "");
  assert.equal(await count(), `${messages} of ${messages} messages`);

  await page.locator(".row.turn .fold").first().click();
  const folded = Number((await count()).split(" ")[0]);
  assert.ok(folded < messages, "the turn's messages are gone");
  assert.ok(
    (await names()).some((name) => name.includes("turn: thank you")),
    "the next turn is not",
  );
  await page.locator(".row.turn .fold").first().click();
  assert.equal(await count(), `${messages} of ${messages} messages`);

  await page
    .locator(".row", { hasText: "tool.execution_start" })
    .first()
    .click();
  assert.match(
    await page.locator("#detail").textContent(),
    /"toolName": "bash"/,
  );
  if (picture) await page.screenshot({ path: picture });
  await page.check("#sequence");
  assert.ok(
    await page.locator("#list.sequence .row.goes-out").first().isVisible(),
  );
  await page.close();

  const many = await opened(long(100_000));
  assert.equal(many.messages, 100_000);
  assert.ok(
    (await many.names()).length < 200,
    "only what can be seen is in the page",
  );
  await many.page.fill("#search", "turn number 999");
  assert.equal(await many.count(), "1 of 100000 messages");
  await many.page.fill("#search", "");
  await many.page.click("#fold");
  assert.equal(await many.count(), "0 of 100000 messages");
  await many.page.click("#unfold");
  await many.page
    .locator("#list")
    .evaluate((list) => list.scrollTo(0, list.scrollHeight));
  await many.page.waitForFunction(() =>
    document
      .querySelector("#list")
      .lastElementChild.textContent.includes("session.idle"),
  );
  console.log("viewer: search, filters, folding and 100,000 messages work");
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
