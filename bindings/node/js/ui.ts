/** Asking the person in front of the host, through the runtime. */
import type {
  ElicitationParams,
  ElicitationResult,
  SessionCapabilities,
  SessionUiApi,
  UiInputOptions,
} from "./types/handlers.js";

type Ask = (params: ElicitationParams) => Promise<unknown>;

/** The four kinds of questions, all made of one form. */
export function createUi(capabilities: () => SessionCapabilities, ask: Ask): SessionUiApi {
  const elicitation = async (params: ElicitationParams): Promise<ElicitationResult> => {
    if (!capabilities().ui?.elicitation) {
      throw new Error(
        "Elicitation is not supported by the host; check session.capabilities.ui?.elicitation first",
      );
    }
    return (await ask(params)) as ElicitationResult;
  };
  const field = async (message: string, name: string, schema: object): Promise<unknown> => {
    const properties = { [name]: schema } as unknown as ElicitationParams["requestedSchema"]["properties"];
    const requestedSchema = { type: "object" as const, properties, required: [name] };
    const { action, content } = await elicitation({ message, requestedSchema });
    return action === "accept" ? content?.[name] : undefined;
  };
  return {
    elicitation,
    confirm: async (message) =>
      (await field(message, "confirmed", { type: "boolean", default: true })) === true,
    select: async (message, options) =>
      asText(await field(message, "selection", { type: "string", enum: options })),
    input: async (message, options) => asText(await field(message, "value", textField(options))),
  };
}

/** Empty texts are left out, numbers are kept even when zero. */
function textField(options: UiInputOptions = {}): object {
  const { title, description, minLength, maxLength, format, default: preset } = options;
  return {
    type: "string",
    ...(title && { title }),
    ...(description && { description }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(format && { format }),
    ...(preset !== undefined && { default: preset }),
  };
}

function asText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
