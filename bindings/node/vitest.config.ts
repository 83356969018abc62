import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 90_000,
    expect: { poll: { timeout: 60_000 } },
    pool: "forks",
    globalSetup: "tests/setup.ts",
  },
});
