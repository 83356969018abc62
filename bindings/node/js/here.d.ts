/** Address of the directory's module; `undefined` in a bundle that has no `import.meta.url`. */
export declare const here: string | undefined;
