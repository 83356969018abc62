/** Schemas as programs write them. Used inside workflows too: nothing of Node is imported here. */
import type { ZodSchema } from "./types/tools.js";

/** A schema as JSON Schema, however it was written. */
export function jsonSchema<T>(schema: T): T | Record<string, unknown> {
  return isZodSchema(schema) ? schema.toJSONSchema() : schema;
}

export function isZodSchema(value: unknown): value is ZodSchema {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { toJSONSchema?: unknown }).toJSONSchema === "function"
  );
}
