/** Trace context handed to the runtime, so that its spans join the program's. */
import type { TraceContext, TraceContextProvider } from "./types/client.js";

/** What the provider says; nothing when there is none or it fails. */
export async function getTraceContext(provider?: TraceContextProvider): Promise<TraceContext> {
  if (!provider) return {};
  try {
    return (await provider()) ?? {};
  } catch {
    return {};
  }
}
