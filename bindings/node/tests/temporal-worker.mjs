/** A worker of Temporal as a program of its own, which tests kill and drain. Its one argument is JSON. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";

import { defineTool, RuntimeConnection } from "../dist/index.js";
import { CopilotPlugin } from "../dist/temporal/index.js";

const place = JSON.parse(process.argv[2]);
Runtime.install({ shutdownSignals: ["SIGTERM"], logger: new DefaultLogger("ERROR") });
const sendMail = defineTool("send_mail", {
  description: "Sends a mail",
  parameters: { type: "object", properties: { to: { type: "string" } } },
  handler: ({ to }) => {
    console.log(`mail ${to}`);
    return "sent";
  },
});
const plugin = new CopilotPlugin({
  store: place.store,
  owner: place.owner,
  heartbeatTimeout: 3000,
  maxSessions: place.maxSessions ?? 50,
  client: {
    connection: RuntimeConnection.forStdio({ path: place.runtime }),
    baseDirectory: place.home,
    useLoggedInUser: false,
  },
  session: {
    model: "scripted",
    streaming: true,
    tools: [sendMail],
    provider: { type: "openai", baseUrl: place.model, apiKey: "none" },
  },
  onEvent: ({ workflowId, event }) => {
    if (event.type === "assistant.message_delta") console.log(`delta ${workflowId}`);
  },
});
const connection = await NativeConnection.connect({ address: place.address });
const worker = await Worker.create({
  connection,
  taskQueue: "node-conversations",
  workflowBundle: { codePath: place.bundle },
  plugins: [plugin],
});
console.log("ready");
await worker.run();
await connection.close();
console.log("gone");
