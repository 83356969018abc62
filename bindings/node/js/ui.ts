/** Asking the person in front of the host, through the runtime. */
import type { ElicitationResult, SessionUiApi, UiInputOptions } from "./types/handlers.js";

type Ask = (args: object) => Promise<unknown>;

/** The four kinds of questions; the engine makes the form and reads the answer. */
export function createUi(ask: Ask): SessionUiApi {
  return {
    elicitation: async ({ message, requestedSchema }) =>
      (await ask({ form: "elicitation", message, requestedSchema })) as ElicitationResult,
    confirm: async (message) => (await ask({ form: "confirm", message })) as boolean,
    select: async (message, options) => (await ask({ form: "select", message, options })) as string | null,
    input: async (message, options) =>
      (await ask({ form: "input", message, options: fieldOptions(options) })) as string | null,
  };
}

/** Empty texts are left out, numbers are kept even when zero. */
function fieldOptions(options: UiInputOptions = {}): object {
  const { title, description, minLength, maxLength, format, default: preset } = options;
  return {
    ...(title && { title }),
    ...(description && { description }),
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
    ...(format && { format }),
    ...(preset !== undefined && { default: preset }),
  };
}
