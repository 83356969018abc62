# frozen_string_literal: true

require_relative "copilot_native/version"
require_relative "copilot_native/native"
require_relative "copilot_native/error"
require_relative "copilot_native/text"
require_relative "copilot_native/json"
require_relative "copilot_native/view"
require_relative "copilot_native/event"
require_relative "copilot_native/registry"
require_relative "copilot_native/pool"
require_relative "copilot_native/future"
require_relative "copilot_native/log"
require_relative "copilot_native/core"
require_relative "copilot_native/call"
require_relative "copilot_native/tool"
require_relative "copilot_native/session_config"
require_relative "copilot_native/calls"
require_relative "copilot_native/session"
require_relative "copilot_native/llm_request"
require_relative "copilot_native/client_config"
require_relative "copilot_native/client"

# Programs the GitHub Copilot agent runtime; begin with Client. docs/ruby.md explains by example.
module CopilotNative
  # The version of the library.
  def self.library_version = Native.version

  # Whether the library can do something that not every build or version can, such as `inprocess`; false for any other word.
  def self.has?(feature) = Native.has(feature.to_s)

  private_constant :Native, :Text, :Json, :Pool, :Serial, :Registry, :Callbacks, :Core, :Asked, :Listener, :SessionLink, :Calls

  # Loads what is otherwise loaded when it is needed.
  def self.load_all
    %i[RpcTypes EventTypes ServerRpc SessionRpc Methods Reason].each { |name| const_get(name) }
  end

  # Has everything end with the program. Clients that are made while it ends, as in tests that run then, end behind them.
  def self.arm
    return if @armed

    @armed = true
    Pool.is_closed = false
    here = Process.pid
    at_exit do
      @armed = false
      Core.end_all
      Log.set if Log.on? && Process.pid == here
      Pool.is_closed = true
    end
  end
  arm
end
