// Handlers with the canned behaviour that cases name.
import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** Who made a session, for the handlers of the session. */
export const CONTEXT = new AsyncLocalStorage();

const hang = (signal) =>
  new Promise((_, reject) =>
    signal?.addEventListener("abort", () => reject(new Error("cancelled")), { once: true }),
  );

/** A tool that answers, fails, echoes or hangs. */
function cannedTool({ name, description, parameters, answer, fail, echo, hang: hangs, delay_ms }) {
  const handler = async (args, invocation) => {
    if (delay_ms) await sleep(delay_ms);
    if (fail !== undefined) throw new Error(fail);
    if (hangs) return await hang(invocation.signal);
    return echo ? JSON.stringify(args) : answer;
  };
  return { name, description: description ?? name, ...(parameters && { parameters }), handler };
}

/** A permission handler. */
function cannedPermission(behaviour) {
  return async (_request, { signal }) => {
    if (behaviour === "approve") return { kind: "approve-once" };
    if (behaviour === "throw") throw new Error("the handler failed");
    if (behaviour === "hang") return await hang(signal);
    if (behaviour.reject) return { kind: "reject", ...behaviour.reject };
    return { kind: behaviour };
  };
}

/** A callback that returns a value, throws a text or hangs; its last argument may carry a signal. */
function canned(behaviour) {
  return async (...args) => {
    if (behaviour?.throw !== undefined) throw new Error(behaviour.throw);
    if (behaviour?.hang) return await hang(args.at(-1)?.signal);
    return behaviour;
  };
}

const userInput = (behaviour) =>
  behaviour.context
    ? () => ({ answer: CONTEXT.getStore(), wasFreeform: false })
    : canned(behaviour.throw === undefined && !behaviour.hang ? { wasFreeform: false, ...behaviour } : behaviour);

const onHook = (type) => `on${type[0].toUpperCase()}${type.slice(1)}`;
const mapEntries = (object, map) => Object.fromEntries(Object.entries(object).map(map));

/** The providers with their callbacks. */
function withToken(config, tokens) {
  const place = (provider, name) =>
    name in tokens ? { ...provider, bearerTokenProvider: canned(tokens[name]) } : provider;
  return {
    ...(config.provider && { provider: place(config.provider, "default") }),
    ...(config.providers && {
      providers: config.providers.map((provider) => place(provider, provider.name)),
    }),
  };
}

/** The system message with its callbacks. */
function withTransforms({ systemMessage }, transforms) {
  const served = mapEntries(transforms, ([id, behaviour]) => [id, { action: canned(behaviour) }]);
  return { systemMessage: { ...systemMessage, sections: { ...systemMessage.sections, ...served } } };
}

/** The canvases that a configuration declares, all served in the same way. */
const canvases = (config, behaviour, { createCanvas }) =>
  config.canvases.map((declaration) => createCanvas({ ...declaration, open: canned(behaviour) }));

/** The handlers of a client that a `client` or `start` names. */
export function cannedClient(given, { CopilotRequestHandler }) {
  const handlers = {};
  if (given.list_models !== undefined) handlers.onListModels = canned(given.list_models);
  if (given.request_handler !== undefined) {
    const answer = canned(given.request_handler);
    handlers.requestHandler = new (class extends CopilotRequestHandler {
      async sendRequest() {
        return new Response(null, await answer());
      }
    })();
  }
  if (given.ui_thread !== undefined) {
    const allowed = canned(given.ui_thread);
    handlers.runOnUiThread = async (action) => {
      await allowed();
      action();
    };
  }
  if (given.installation_confirmation !== undefined) {
    handlers.installationConfirmationHandler = canned(given.installation_confirmation);
  }
  if (given.extension_launch !== undefined) {
    const answer = canned(given.extension_launch);
    handlers.extensionLaunchProvider = { resolve: async () => ({ launch: await answer() }) };
  }
  return handlers;
}

/** The options of a host, served as the case says; sessions are those that the case made. */
export function cannedHost({ localServer, authentication }, behaviour, sessionOf) {
  const answer = canned(behaviour);
  return {
    localServer,
    authentication: { ...authentication, authenticate: answer },
    createSession: async () => sessionOf((await answer()).sessionId),
  };
}

/** Every handler that a `create` or `resume` names, as members of the session's configuration. */
export function cannedHandlers(given, config, sdk) {
  const handlers = {};
  if (given.tools) handlers.tools = given.tools.map(cannedTool);
  if (given.permission !== undefined) handlers.onPermissionRequest = cannedPermission(given.permission);
  if (given.user_input !== undefined) handlers.onUserInputRequest = userInput(given.user_input);
  if (given.elicitation !== undefined) handlers.onElicitationRequest = canned(given.elicitation);
  if (given.exit_plan_mode !== undefined) handlers.onExitPlanModeRequest = canned(given.exit_plan_mode);
  if (given.auto_mode_switch !== undefined) handlers.onAutoModeSwitchRequest = canned(given.auto_mode_switch);
  if (given.mcp_auth !== undefined) handlers.onMcpAuthRequest = canned(given.mcp_auth);
  if (given.hooks)
    handlers.hooks = mapEntries(given.hooks, ([type, output]) => [onHook(type), canned(output)]);
  if (given.commands) {
    handlers.commands = Object.entries(given.commands).map(([name, value]) => ({
      name,
      handler: canned(value),
    }));
  }
  if (given.canvas !== undefined) handlers.canvases = canvases(config, given.canvas, sdk);
  if (given.session_fs !== undefined) {
    handlers.createSessionFsProvider = () => ({ readFile: canned(given.session_fs) });
  }
  if (given.skill_provider !== undefined) {
    const answer = canned(given.skill_provider);
    handlers.skillProvider = { listSkills: answer, readSkill: answer };
  }
  if (given.git_hub_token !== undefined) handlers.gitHubTokenProvider = canned(given.git_hub_token);
  if (given.provider_token) Object.assign(handlers, withToken(config, given.provider_token));
  if (given.transforms) Object.assign(handlers, withTransforms(config, given.transforms));
  return handlers;
}
