# frozen_string_literal: true

module CopilotNative
  VERSION = "0.1.0"
  # The binary interface and the oldest library that this package was made for.
  ABI_VERSION = 0
  LIBRARY_NUMBER = 1_000
end
