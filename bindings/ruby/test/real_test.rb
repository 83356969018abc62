# frozen_string_literal: true

require_relative "helper"
require "tmpdir"

# The real runtime with a scripted model.
class RealTest < Minitest::Test
  include Peer
  include CopilotNative

  SCRIPT = [
    { when: { contains: "weather", lastRole: "user" }, toolCalls: [{ name: "get_weather", arguments: { city: "Oslo" } }] },
    { when: { lastRole: "tool" }, chunks: ["It is ", "snowing."] }
  ].freeze

  def setup
    @path = ENV["COPILOT_CLI_PATH"].to_s
    skip "COPILOT_CLI_PATH does not name a runtime" if @path.empty?
    @home = Dir.mktmpdir("ruby-real-")
    @model = IO.popen([ENV.fetch("COPILOT_SCRIPTED_MODEL"), "--script-json", JSON.generate(SCRIPT)], "r+")
    @url = @model.gets.split.last
  end

  def teardown
    return unless @model

    @model.close
    FileUtils.rm_rf(@home)
  end

  def test_a_conversation_with_a_tool
    env = ENV.to_h.merge("COPILOT_HOME" => @home)
    Client.open(connection: Connection.stdio(path: @path), env: env, use_logged_in_user: false) do |client|
      asked = []
      deltas = []
      provider = { type: "openai", baseUrl: @url, apiKey: "none" }
      session = client.create_session(model: "scripted", streaming: true, provider: provider) do |config|
        config.tool("get_weather", description: "Tells the weather", parameters: {
                      type: "object", properties: { city: { type: "string" } }, required: ["city"]
                    }) { |args| "cold in #{args["city"]}" }
        config.on_permission { |question| asked << question.dig("permissionRequest", "kind") && Permission.approve_once }
      end
      session.on(Events::ASSISTANT_MESSAGE_DELTA) { |event| deltas << event.data.delta_content }
      answer = session.send_and_wait("What is the weather?", timeout: PATIENCE)
      assert_equal "It is snowing.", answer.data.content
      assert_equal "It is snowing.", deltas.join
      assert_equal ["custom-tool"], asked
      assert_match(/\A\d+\.\d+/, client.get_status["version"])
    end
  end
end
