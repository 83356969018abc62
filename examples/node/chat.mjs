// One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
//
// With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at
// COPILOT_MODEL_URL. The runtime is found by COPILOT_CLI_PATH.
import { createInterface } from "node:readline/promises";
import { stdin, stdout } from "node:process";

import { CopilotClient, defineTool } from "copilot-native";

const getWeather = defineTool("get_weather", {
  description: "Tells the weather of a city",
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  },
  handler: ({ city }) => {
    console.log(`[tool] get_weather(${city})`);
    return `Sunny, 21 degrees in ${city}`;
  },
});

/** Asks the person in front of the terminal; without a terminal the answer is yes. */
async function onPermissionRequest(request) {
  const prompt = `[permission] ${request.kind}: allow? [Y/n] `;
  if (!stdin.isTTY) {
    console.log(`${prompt}yes (no terminal)`);
    return { kind: "approve-once" };
  }
  const terminal = createInterface({ input: stdin, output: stdout });
  const answer = await terminal.question(prompt);
  terminal.close();
  if (answer.trim().toLowerCase() === "n")
    return { kind: "reject", feedback: "the user said no" };
  return { kind: "approve-once" };
}

const token = process.env.COPILOT_GITHUB_TOKEN ?? process.env.GITHUB_TOKEN;
const baseUrl = process.env.COPILOT_MODEL_URL;
const client = new CopilotClient(token ? { gitHubToken: token } : {});
await client.start();
console.log(`[runtime] ${(await client.getStatus()).version}`);
const session = await client.createSession({
  streaming: true,
  tools: [getWeather],
  onPermissionRequest,
  ...(baseUrl && {
    model: "scripted",
    provider: { type: "openai", baseUrl, apiKey: "none" },
  }),
});

const usage = { input: 0, output: 0 };
session.on("assistant.message_delta", ({ data }) =>
  stdout.write(data.deltaContent),
);
session.on("assistant.usage", ({ data }) => {
  usage.input += data.inputTokens ?? 0;
  usage.output += data.outputTokens ?? 0;
});

await session.sendAndWait("What is the weather in Paris?");
console.log(`\n[usage] ${usage.input} tokens in, ${usage.output} tokens out`);
await session.disconnect();
for (const error of await client.stop())
  console.error(`[stop] ${error.message}`);
