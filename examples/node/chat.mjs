// A conversation in the terminal: the agent answers in a stream, may call a tool of ours, and asks before it acts.
//
//   node chat.mjs "What is the weather in Oslo?"
//
// With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot; without, to the scripted model at COPILOT_MODEL_URL.
import { createInterface } from "node:readline/promises";
import { stdin, stdout } from "node:process";

import { CopilotClient, defineTool } from "copilot-native";

const prompt = process.argv.slice(2).join(" ") || "What is the weather in Paris?";
const token = process.env.COPILOT_GITHUB_TOKEN ?? process.env.GITHUB_TOKEN;
const baseUrl = process.env.COPILOT_MODEL_URL;
if (!token && !baseUrl) {
  throw new Error("Set COPILOT_GITHUB_TOKEN, or COPILOT_MODEL_URL for a scripted model.");
}

const getWeather = defineTool("get_weather", {
  description: "The weather in a city, now",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  handler: ({ city }) => ({ city, temperature: "21 °C", sky: "clear" }),
});

/** Asks the person at the terminal; without one, everything is approved. */
async function onPermissionRequest(request) {
  if (!stdin.isTTY) return { kind: "approve-once" };
  const terminal = createInterface({ input: stdin, output: stdout });
  const answer = await terminal.question(`\n[${request.kind}] ${request.intention ?? request.toolName ?? ""} Allow? [y/N] `);
  terminal.close();
  return answer.toLowerCase().startsWith("y") ? { kind: "approve-once" } : { kind: "reject" };
}

const client = new CopilotClient(token ? { gitHubToken: token } : { useLoggedInUser: false });
const session = await client.createSession({
  streaming: true,
  tools: [getWeather],
  onPermissionRequest,
  ...(!token && { model: "scripted", provider: { type: "openai", baseUrl, apiKey: "none" } }),
});

const usage = { requests: 0, input: 0, output: 0 };
session.on("assistant.message_delta", ({ data }) => stdout.write(data.deltaContent));
session.on("tool.execution_start", ({ data }) => stdout.write(`\n[calls ${data.toolName}]\n`));
session.on("assistant.usage", ({ data }) => {
  usage.requests += 1;
  usage.input += data.inputTokens ?? 0;
  usage.output += data.outputTokens ?? 0;
});

await session.sendAndWait(prompt);
console.log(`\n\n${usage.requests} model requests, ${usage.input} tokens in, ${usage.output} tokens out`);
for (const error of await client.stop()) console.error(error.message);
