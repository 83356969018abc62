/** The async context (`AsyncLocalStorage`) in which handlers run. */
import { AsyncResource } from "node:async_hooks";

/**
 * The context of whoever made it; `runInAsyncScope` enters it. Handlers would otherwise see that of whoever happened to start the
 * client, and with it that user's identity, request or trace span.
 */
export class KeptContext extends AsyncResource {
  constructor() {
    super("CopilotHandlers");
  }
}
