// References and partial match, as the README of the cases defines them.
import { isDeepStrictEqual } from "node:util";

/** Replaces `$name.path` in strings by what steps have stored, and spells out `$repeat`. */
export function resolve(value, store) {
  if (typeof value === "string") return resolveText(value, store);
  if (Array.isArray(value)) return value.map((item) => resolve(item, store));
  if (typeof value !== "object" || value === null) return value;
  if (value.$repeat) return value.$repeat[0].repeat(value.$repeat[1]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, store)]));
}

const REFERENCE = /\$([A-Za-z_]\w*)((?:\.\w+)*)/g;

function resolveText(text, store) {
  const whole = text.match(new RegExp(`^${REFERENCE.source}$`));
  if (whole) {
    const found = lookUp(whole[1], whole[2], store);
    return found === undefined ? text : found;
  }
  return text.replace(REFERENCE, (all, name, path) => {
    const found = lookUp(name, path, store);
    if (found === undefined) return all;
    return typeof found === "string" ? found : JSON.stringify(found);
  });
}

function lookUp(name, path, store) {
  let value = store[name];
  for (const key of path.split(".").slice(1)) value = value?.[key];
  return value;
}

/** Whether `value` has what `pattern` asks for. */
export function matches(pattern, value) {
  if (Array.isArray(pattern)) {
    const same = Array.isArray(value) && value.length === pattern.length;
    return same && pattern.every((item, index) => matches(item, value[index]));
  }
  if (typeof pattern !== "object" || pattern === null) return isDeepStrictEqual(pattern, value);
  if ("$any" in pattern) return value !== undefined;
  if ("$absent" in pattern) return value === undefined;
  if ("$contains" in pattern) return typeof value === "string" && value.includes(pattern.$contains);
  if ("$oneOf" in pattern) return pattern.$oneOf.some((item) => matches(item, value));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(pattern).every(([key, item]) => matches(item, value[key]));
}

/** Whether items that match `patterns` come in this order, others in between allowed. */
export function inOrder(patterns, items) {
  let next = 0;
  for (const item of items) if (next < patterns.length && matches(patterns[next], item)) next += 1;
  return next === patterns.length;
}
