/** The functions a session keeps on this side, taken out of its configuration. */
import { providerTokens } from "./config.js";
import { CallKind, KINDS, type Kind, type SessionKind } from "./generated/kinds.js";
import { checkFunction, checkList, isObject, wrong } from "./given.js";
import { defaultJoinSessionPermissionHandler } from "./permissions.js";
import { sectionTransforms } from "./system-message.js";
import { checkTools } from "./tools.js";
import type { FactoryHandle } from "./types/factory.js";
import type { ResumeSessionConfig, SessionConfig } from "./types/session.js";

/** What the engine calls a kind, by its number. */
const BY_NUMBER: (Kind | undefined)[] = [];
for (const kind of KINDS) BY_NUMBER[kind.number] = kind;

interface Registered {
  readonly kind: number;
  /** Empty for kinds that have one handler. */
  readonly name: string;
  readonly handler: object;
}

export class SessionHandlers {
  /** In the order in which they came: sessions have few, and many sessions are to be cheap. */
  #all: Registered[] = [];
  readonly #permission: unknown;

  constructor(
    config: SessionConfig &
      ResumeSessionConfig & { _factories?: FactoryHandle[]; _workflows?: FactoryHandle[] },
  ) {
    checkTools(config.tools);
    checkHooks(config.hooks);
    checkList("commands", config.commands);
    checkList("canvases", config.canvases);
    for (const [name, handler] of Object.entries(config)) {
      if (/^on[A-Z]/.test(name)) checkFunction(name, handler);
    }
    for (const handles of [config._factories, config._workflows]) {
      for (const handle of handles ?? []) this.add(CallKind.Factory, handle, handle.meta.name);
    }
    for (const tool of config.tools ?? []) if (tool.name) this.add(CallKind.Tool, tool.handler, tool.name);
    for (const [key, hook] of Object.entries(config.hooks ?? {}))
      this.add(CallKind.Hook, hook, hookType(key));
    for (const command of config.commands ?? []) this.add(CallKind.Command, command.handler, command.name);
    const canvases = new Map(config.canvases?.map((canvas) => [canvas.declaration.id, canvas]));
    if (canvases.size > 0) this.add(CallKind.Canvas, canvases);
    for (const [section, transform] of sectionTransforms(config.systemMessage)) {
      this.add(CallKind.SystemMessageTransform, transform, section);
    }
    for (const [provider, token] of providerTokens(config)) this.add(CallKind.ProviderToken, token, provider);
    this.#permission = config.onPermissionRequest;
    // Without a handler a request is left to the session's other clients.
    this.add(CallKind.Permission, config.onPermissionRequest ?? defaultJoinSessionPermissionHandler);
    this.add(CallKind.UserInput, config.onUserInputRequest);
    this.add(CallKind.ExitPlanMode, config.onExitPlanModeRequest);
    this.add(CallKind.AutoModeSwitch, config.onAutoModeSwitchRequest);
    this.add(CallKind.Elicitation, config.onElicitationRequest);
    this.add(CallKind.McpAuth, config.onMcpAuthRequest);
    this.add(CallKind.GitHubToken, config.gitHubTokenProvider);
    this.add(CallKind.SkillProvider, config.skillProvider);
  }

  /** Registers a handler, if there is one. */
  add(kind: SessionKind, handler: unknown, name = ""): void {
    if (typeof handler !== "function" && (typeof handler !== "object" || handler === null)) return;
    const place = this.#all.findIndex((other) => other.kind === kind && other.name === name);
    this.#all[place < 0 ? this.#all.length : place] = { kind, name, handler };
  }

  /** Other handlers of tools, made of those that are there; returns the old ones. */
  replaceTools(make: (old: ReadonlyMap<string, object>) => Map<string, object>): Map<string, object> {
    const old = new Map(this.#of(CallKind.Tool).map(({ name, handler }) => [name, handler]));
    const tools = [...make(old)].map(([name, handler]) => ({ kind: CallKind.Tool, name, handler }));
    this.#all = [...this.#all.filter(({ kind }) => kind !== CallKind.Tool), ...tools];
    return old;
  }

  #of(kind: number): Registered[] {
    return this.#all.filter((registered) => registered.kind === kind);
  }

  find(kind: number, name: string): object | undefined {
    return this.#all.find((registered) => registered.kind === kind && registered.name === name)?.handler;
  }

  /** What the engine is told. An extension's default handler leaves the asking to the others when it joins. */
  flags(): Record<string, unknown> {
    const flags: Record<string, unknown> = {};
    for (const { kind, name } of this.#all) {
      const { served, named } = BY_NUMBER[kind] as Kind;
      if (named) ((flags[served] ??= []) as string[]).push(name);
      else flags[served] = true;
    }
    flags["permission"] = !!this.#permission;
    flags["permissionOnResume"] = this.#permission !== defaultJoinSessionPermissionHandler;
    return flags;
  }
}

function checkHooks(hooks: unknown): void {
  if (hooks === undefined || hooks === null) return;
  if (!isObject(hooks)) throw wrong("hooks", "an object of functions", hooks);
  for (const [key, hook] of Object.entries(hooks)) checkFunction(`hooks.${key}`, hook);
}

/** `onPreToolUse` → `preToolUse`. */
function hookType(key: string): string {
  return key.charAt(2).toLowerCase() + key.slice(3);
}
