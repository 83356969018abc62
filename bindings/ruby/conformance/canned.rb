# frozen_string_literal: true

module Conformance
  # Canned handlers of a case, written the way users write them.
  module Canned
    include CopilotNative

    # What a handler does that returns a value, raises a text or hangs.
    def self.behave(behaviour)
      return behaviour unless behaviour.is_a?(Hash)
      raise behaviour["throw"] if behaviour.key?("throw")

      # Ends by CallCancelled when the answer is no longer wanted.
      sleep if behaviour.key?("hang")
      behaviour
    end

    def self.run_tool(spec, args)
      sleep(spec["delay_ms"] / 1000.0) if spec.key?("delay_ms")
      raise spec["fail"] if spec.key?("fail")
      # Half of the ways to wait: a future that is cancelled.
      return CopilotNative::Future.new if spec.key?("hang")

      spec.key?("echo") ? JSON.generate(args) : spec["answer"]
    end

    def self.permission(behaviour)
      return CopilotNative::Permission.reject(behaviour.dig("reject", "feedback")) if behaviour.is_a?(Hash)

      case behaviour
      when "approve" then CopilotNative::Permission.approve_once
      when "reject" then CopilotNative::Permission.reject
      when "user-not-available" then CopilotNative::Permission.user_not_available
      when "no-result" then CopilotNative::Permission.no_result
      when "throw" then raise "the permission handler failed"
      else sleep
      end
    end

    # The handlers of a client, which `own` gives once it is made.
    def self.client(args, config, own)
      config.on_list_models { behave(args["list_models"]) } if args.key?("list_models")
      config.on_extension_launch { behave(args["extension_launch"]) } if args.key?("extension_launch")
      config.on_installation_confirmation { behave(args["installation_confirmation"]) } if args.key?("installation_confirmation")
      config.on_ahp_host { behave(args["ahp_host"]) } if args.key?("ahp_host")
      if args.key?("request_handler")
        config.on_llm_request do |request|
          request.start(behave(args["request_handler"])["status"])
          request.finish
        end
      end
      return unless args.key?("ui_thread")

      config.on_ui_thread do |question|
        behave(args["ui_thread"]).tap { own.call.run_ui_action(question["actionId"]) }
      end
    end

    PLAIN = {
      "elicitation" => :on_elicitation, "exit_plan_mode" => :on_exit_plan_mode, "auto_mode_switch" => :on_auto_mode_switch,
      "mcp_auth" => :on_mcp_auth, "canvas" => :on_canvas, "session_fs" => :on_session_fs, "skill_provider" => :on_skill_provider,
      "git_hub_token" => :on_github_token
    }.freeze
    NAMED = {
      "hooks" => :on_hook, "commands" => :command, "transforms" => :on_system_message_transform, "provider_token" => :on_provider_token
    }.freeze

    # Every handler that a `create` or `resume` names.
    def self.session(args, config)
      (args["tools"] || []).each do |spec|
        options = { description: spec["description"], parameters: spec["parameters"] }.compact
        config.tool(spec["name"], **options) { |arguments| run_tool(spec, arguments) }
      end
      config.on_permission { permission(args["permission"]) } if args.key?("permission")
      config.on_user_input { user_input(args["user_input"]) } if args.key?("user_input")
      PLAIN.each { |field, method| config.public_send(method) { behave(args[field]) } if args.key?(field) }
      NAMED.each do |field, method|
        (args[field] || {}).each { |name, behaviour| config.public_send(method, name) { behave(behaviour) } }
      end
      (args["factories"] || {}).each { |name, behaviour| config.factory(name) { { result: behave(behaviour) } } }
    end

    def self.user_input(spec)
      answer = behave(spec)
      { answer: answer["answer"], wasFreeform: answer["wasFreeform"] == true }
    end
  end
end
