/**
 * The engine's messages in the words of this package.
 *
 * The engine speaks to several languages and names options neutrally; programs written for this one look for its names.
 */

type Rule = readonly [kinds: readonly string[], pattern: RegExp, replacement: string];

const INVALID = ["InvalidArgument", "InvalidType"];
const ENDED = ["ProcessExited", "SpawnFailed"];

const RULES: readonly Rule[] = [
  [INVALID, /^sessionFs: initial_working_directory must not be empty/, "sessionFs.initialCwd is required"],
  [INVALID, /^sessionFs: session_state_path must not be empty/, "sessionFs.sessionStatePath is required"],
  [INVALID, /conventions must be "posix"/, 'conventions must be either "posix"'],
  [INVALID, /connectionToken must not be empty/, "connectionToken must be a non-empty string"],
  [INVALID, /there is no bare wildcard.*/, "$& (ToolSet: addBuiltIn, addMcp, addCustom)"],
  [["Protocol"], /was answered without a sessionId/, "response did not include a sessionId"],
  [
    ["Protocol"],
    /was answered for session "(.*)", but "(.*)" was asked for/,
    "returned sessionId $1 but the caller requested $2",
  ],
  [["ProtocolMismatch"], /^protocol version mismatch/, "SDK protocol version mismatch"],
  [["SessionError"], /^Session error: /, ""],
  [["SpawnFailed"], /^cannot start/, "Failed to start CLI server: cannot start"],
  [ENDED, /^CLI process exited/, "CLI server exited"],
  [["ConnectFailed"], /^cannot connect/, "Failed to connect to CLI server: cannot connect"],
];

const SECONDS = /^Timeout after ([\d.]+)s/;
const SNAKE = /\b[a-z]+(?:_[a-z]+)+\b/g;

/** The message of an error of this kind. */
export function reword(kind: string, message: string): string {
  let text = message;
  for (const [kinds, pattern, replacement] of RULES) {
    if (kinds.includes(kind)) text = text.replace(pattern, replacement);
  }
  if (INVALID.includes(kind)) text = text.replace(SNAKE, toCamelCase);
  if (kind !== "Timeout") return text;
  return text.replace(
    SECONDS,
    (_all, seconds: string) => `Timeout after ${String(Math.round(Number(seconds) * 1000))}ms`,
  );
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
