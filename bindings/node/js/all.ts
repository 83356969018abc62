/** Everything both entry points export, bundled into one file: loading one module is much faster than thirty. */
export * from "./index.js";
export { joinSession } from "./extension.js";
