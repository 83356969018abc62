# frozen_string_literal: true

require_relative "generated/tool_options"

module CopilotNative
  # A tool that the model can call. It does not change; the same tool may serve several sessions.
  class Tool
    # The name under which the model calls it.
    attr_reader :name

    # @param name [String]
    # @param options `description:`, `parameters:` (a JSON Schema) and the other keywords of ToolOptions
    # @yield [args, call] the arguments as JSON, and the Call. A text goes to the model as it is, other values as JSON, a Hash with
    #   `textResultForLlm` is a result with all its parts. Without a block the tool is only declared: somebody else answers.
    def initialize(name, **options, &handler)
      @name = name
      @options = options.to_h { |key, value| [ToolOptions::WIRE[key] || key.to_s, Json.tree(value)] }
      @handler = handler
    end

    # Its declaration as JSON, for Session#set_tools.
    def declaration = { "name" => name, **@options }

    # Adds it to a configuration of the library.
    def add_to(config, core)
      more = @options.dup
      texts = [name, more.delete("description"), Json.write_or_nil(more.delete("parameters")), Json.write(more)]
      spec = Native::Tool.new
      spec[:size] = Native::Tool.size
      kept = %i[name description parameters json].zip(texts).map { |field, text| Text.fill(spec[field], text) }
      register(spec, core)
      Error.check(Native.session_config_tool(config, spec))
      kept.clear
    end

    private

    def register(spec, core)
      return unless @handler

      handler = @handler
      spec[:call] = Callbacks::CALL
      spec[:user_data] = Registry.keep(Asked.new(core, ->(call) { handler.call(call.question["arguments"], call) }))
      spec[:destroy] = Callbacks::DESTROY
    end
  end

  # Answers to on_permission. Any other decision is a Hash, `{kind: …}`.
  module Permission
    module_function

    def approve_once = { "kind" => "approve-once" }

    # @param feedback what the agent is told; nil for nothing
    def reject(feedback = nil) = { "kind" => "reject", "feedback" => feedback }.compact

    def user_not_available = { "kind" => "user-not-available" }

    # Abstains: somebody else decides.
    def no_result = { "kind" => "no-result" }
  end
end
