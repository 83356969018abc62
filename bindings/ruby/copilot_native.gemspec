# frozen_string_literal: true

require_relative "lib/copilot_native/version"

Gem::Specification.new do |spec|
  spec.name = "copilot_native"
  spec.version = CopilotNative::VERSION
  spec.summary = "Program the GitHub Copilot agent runtime"
  spec.description = "Clients, sessions, tools and events of the GitHub Copilot agent runtime, on the C library libcopilot."
  spec.authors = ["copilot-native maintainers"]
  spec.license = "MIT"
  spec.homepage = "https://github.com/copilot-native/copilot-native"
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir["lib/**/*.rb", "lib/copilot_native/native/*", "README.md", "LICENSE", base: __dir__]
  spec.add_dependency "ffi", "~> 1.15"
end
