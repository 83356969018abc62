/** Canvases: panels of the host that the agent opens and acts on. */
import type {
  CanvasJsonSchema,
  CanvasProviderCloseRequest,
  CanvasProviderInvokeActionRequest,
  CanvasProviderOpenRequest,
  CanvasProviderOpenResult,
} from "./generated/rpc.js";

export type { CanvasHostContext, CanvasHostContextCapabilities, CanvasJsonSchema } from "./generated/rpc.js";

export interface CanvasAction {
  name: string;
  description?: string;
  inputSchema?: CanvasJsonSchema;
  handler: (context: CanvasProviderInvokeActionRequest) => Promise<unknown> | unknown;
}

export interface CanvasDeclaration {
  id: string;
  displayName: string;
  description: string;
  inputSchema?: CanvasJsonSchema;
  actions?: Omit<CanvasAction, "handler">[];
}

export interface CanvasOptions {
  id: string;
  displayName: string;
  description: string;
  inputSchema?: CanvasJsonSchema;
  actions?: CanvasAction[];
  open: (context: CanvasProviderOpenRequest) => Promise<CanvasProviderOpenResult> | CanvasProviderOpenResult;
  onClose?: (context: CanvasProviderCloseRequest) => Promise<void> | void;
}

/** An error with a code that the agent sees. */
export class CanvasError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "CanvasError";
    this.code = code;
  }

  /** The canvas has no handler for the action. */
  static noHandler(): CanvasError {
    return new CanvasError("canvas_action_no_handler", "No handler implemented for this canvas action");
  }
}

/** What arrives for a canvas; `method` names the operation. */
export interface CanvasCall {
  method: "open" | "close" | "action.invoke";
  canvasId: string;
  actionName?: string;
}

export class Canvas {
  readonly declaration: CanvasDeclaration;
  readonly open: NonNullable<CanvasOptions["open"]>;
  readonly onClose?: CanvasOptions["onClose"];
  readonly #actions: ReadonlyMap<string, CanvasAction["handler"]>;

  /** @internal */
  constructor(options: CanvasOptions) {
    const { actions, open, onClose, ...declaration } = options;
    this.declaration = {
      ...declaration,
      ...(actions && { actions: actions.map(({ handler: _handler, ...action }) => action) }),
    };
    this.open = open;
    if (onClose) this.onClose = onClose;
    this.#actions = new Map(actions?.map((action) => [action.name, action.handler]));
  }

  /** @internal */
  async serve(call: CanvasCall): Promise<unknown> {
    const { method, ...context } = call;
    switch (method) {
      case "open":
        return (await this.open(context as unknown as CanvasProviderOpenRequest)) ?? {};
      case "close":
        await this.onClose?.(context as unknown as CanvasProviderCloseRequest);
        return null;
      case "action.invoke": {
        const action = this.#actions.get(call.actionName ?? "");
        if (!action) throw CanvasError.noHandler();
        return await action(context as unknown as CanvasProviderInvokeActionRequest);
      }
    }
  }
}

export function createCanvas(options: CanvasOptions): Canvas {
  return new Canvas(options);
}
