/** The functions a session keeps on this side, taken out of its configuration. */
import type { Canvas } from "./canvas.js";
import { bearerTokens } from "./config.js";
import type { CurrentToolMetadata } from "./generated/rpc.js";
import { defaultJoinSessionPermissionHandler } from "./permissions.js";
import type { SessionFsCall } from "./session-fs.js";
import { prepareSystemMessage } from "./system-message.js";
import type { FactoryHandle } from "./types/factory.js";
import type {
  AutoModeSwitchHandler,
  BearerTokenProvider,
  CommandHandler,
  ElicitationHandler,
  ExitPlanModeHandler,
  GitHubTokenProvider,
  HandlerInvocation,
  McpAuthHandler,
  PermissionHandler,
  UserInputHandler,
} from "./types/handlers.js";
import type { ResumeSessionConfig, SectionTransformFn, SessionConfig } from "./types/session.js";
import type { ToolHandler } from "./types/tools.js";

type Hook = (input: unknown, invocation: HandlerInvocation) => unknown;

export class SessionHandlers {
  readonly tools = new Map<string, ToolHandler>();
  readonly hooks = new Map<string, Hook>();
  readonly commands = new Map<string, CommandHandler>();
  readonly canvases = new Map<string, Canvas>();
  readonly factories = new Map<string, FactoryHandle>();
  readonly transforms: Map<string, SectionTransformFn>;
  readonly bearerTokens: Map<string, BearerTokenProvider>;
  readonly permission: PermissionHandler | undefined;
  readonly userInput: UserInputHandler | undefined;
  readonly exitPlanMode: ExitPlanModeHandler | undefined;
  readonly autoModeSwitch: AutoModeSwitchHandler | undefined;
  readonly elicitation: ElicitationHandler | undefined;
  readonly mcpAuth: McpAuthHandler | undefined;
  readonly gitHubToken: GitHubTokenProvider | undefined;
  /** The system message with its callbacks taken out. */
  readonly systemMessage: unknown;
  sessionFs: ((call: SessionFsCall) => Promise<unknown>) | undefined;
  /** Asked for the one tool that searches among the others. */
  availableTools: () => Promise<CurrentToolMetadata[] | undefined> = () => Promise.resolve(undefined);

  constructor(config: SessionConfig & ResumeSessionConfig & { _factories?: FactoryHandle[] }) {
    for (const factory of config._factories ?? []) this.factories.set(factory.meta.name, factory);
    for (const tool of config.tools ?? []) {
      if (tool.name && tool.handler) this.tools.set(tool.name, tool.handler as ToolHandler);
    }
    for (const [key, hook] of Object.entries(config.hooks ?? {}) as [string, Hook | undefined][]) {
      if (hook) this.hooks.set(hookType(key), hook);
    }
    for (const command of config.commands ?? []) this.commands.set(command.name, command.handler);
    for (const canvas of config.canvases ?? []) this.canvases.set(canvas.declaration.id, canvas);
    const { wire, transforms } = prepareSystemMessage(config.systemMessage);
    this.systemMessage = wire;
    this.transforms = transforms;
    this.bearerTokens = bearerTokens(config);
    this.permission = config.onPermissionRequest;
    this.userInput = config.onUserInputRequest;
    this.exitPlanMode = config.onExitPlanModeRequest;
    this.autoModeSwitch = config.onAutoModeSwitchRequest;
    this.elicitation = config.onElicitationRequest;
    this.mcpAuth = config.onMcpAuthRequest;
    this.gitHubToken = config.gitHubTokenProvider;
  }

  /**
   * What the engine is told. A resumed session asks for permission requests even without a handler, so that another client's
   * answer is waited for; only an extension's default handler declines them.
   */
  flags(resume: boolean): Record<string, unknown> {
    const asks = resume ? this.permission !== defaultJoinSessionPermissionHandler : !!this.permission;
    return {
      tools: [...this.tools.keys()],
      hooks: [...this.hooks.keys()],
      commands: [...this.commands.keys()],
      transforms: [...this.transforms.keys()],
      bearerTokens: [...this.bearerTokens.keys()],
      permission: asks,
      userInput: !!this.userInput,
      exitPlanMode: !!this.exitPlanMode,
      autoModeSwitch: !!this.autoModeSwitch,
      elicitation: !!this.elicitation,
      mcpAuth: !!this.mcpAuth,
      gitHubToken: !!this.gitHubToken,
      canvas: this.canvases.size > 0,
      factories: [...this.factories.keys()],
      sessionFs: !!this.sessionFs,
      events: true,
    };
  }
}

/** `onPreToolUse` → `preToolUse`. */
function hookType(key: string): string {
  return key.charAt(2).toLowerCase() + key.slice(3);
}
