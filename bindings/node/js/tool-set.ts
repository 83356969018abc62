/** Tool filters that say where a tool comes from. */

const NAME = /^[a-zA-Z0-9_-]+$/;

/** A list of patterns for `availableTools` and `excludedTools`; every method returns the set itself. */
export class ToolSet {
  readonly #items: string[] = [];

  /** Built-in tools of the runtime, by name or `"*"`. */
  addBuiltIn(names: string | readonly string[]): this {
    for (const name of typeof names === "string" ? [names] : names) this.#add("builtin", name);
    return this;
  }

  /** Tools of this program, by name or `"*"`. */
  addCustom(name: string): this {
    return this.#add("custom", name);
  }

  /** Tools of MCP servers, by name or `"*"`. */
  addMcp(toolName: string): this {
    return this.#add("mcp", toolName);
  }

  toArray(): string[] {
    return [...this.#items];
  }

  #add(source: string, name: string): this {
    if (name !== "*" && !NAME.test(name)) {
      throw new Error(`Invalid tool name "${name}": it must match ${NAME.source} or be "*"`);
    }
    this.#items.push(`${source}:${name}`);
    return this;
  }
}

/** Groups of built-in tools. */
export const BuiltInTools: { readonly Isolated: readonly string[] } = Object.freeze({
  /** Tools that touch nothing outside the session. */
  Isolated: Object.freeze([
    "ask_user",
    "task_complete",
    "exit_plan_mode",
    "task",
    "read_agent",
    "write_agent",
    "list_agents",
    "send_inbox",
    "context_board",
    "skill",
  ]),
});
