/** Sections of the agent's system message, and callbacks that rewrite them. */
import type {
  SectionOverride,
  SectionTransformFn,
  SystemMessageConfig,
  SystemMessageSection,
} from "./types/session.js";

/** Every section that can be customized. */
export const SYSTEM_MESSAGE_SECTIONS: Record<SystemMessageSection, { description: string }> = {
  preamble: { description: "Who the agent is and which mode it works in" },
  identity: { description: "The preamble together with the sections that belong to it" },
  tone: { description: "How answers are worded and formatted" },
  tool_efficiency: { description: "How to use tools economically" },
  environment_context: { description: "Working directory, system, repository and tools at hand" },
  code_change_rules: { description: "Rules for changing code: tests, linters, style" },
  guidelines: { description: "Good habits expected of the agent" },
  safety: { description: "Limits of the environment and what must not be done" },
  tool_instructions: { description: "How to use each tool" },
  custom_instructions: { description: "Instructions of the repository and the organization" },
  runtime_instructions: { description: "What the runtime adds while it works: notices, memories, mode" },
  last_instructions: { description: "What the message ends with" },
};

/** The functions that rewrite sections of a customized message, by section. */
export function sectionTransforms(config: SystemMessageConfig | undefined): Map<string, SectionTransformFn> {
  const found = new Map<string, SectionTransformFn>();
  const sections = config?.mode === "customize" ? config.sections : undefined;
  for (const [id, section] of Object.entries<SectionOverride | undefined>(sections ?? {})) {
    if (typeof section?.action === "function") found.set(id, section.action);
  }
  return found;
}

/** The message without its functions, which stay here. */
export function withoutTransforms(config: SystemMessageConfig): unknown {
  const functions = sectionTransforms(config);
  if (functions.size === 0 || config.mode !== "customize") return config;
  const kept = Object.entries(config.sections ?? {}).filter(([id]) => !functions.has(id));
  return { ...config, sections: Object.fromEntries(kept) };
}
