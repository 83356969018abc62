# frozen_string_literal: true

# One conversation: a custom tool, a streamed answer, a permission question, the usage at the end.
#
# With COPILOT_GITHUB_TOKEN or GITHUB_TOKEN it talks to Copilot. Without, it talks to the OpenAI-compatible server at COPILOT_MODEL_URL. The
# runtime is found by COPILOT_CLI_PATH, the library by COPILOT_LIBRARY. Run it with `ruby -I bindings/ruby/lib examples/ruby/chat.rb`.

require "copilot_native"

include CopilotNative

PLACE = { type: "object", properties: { city: { type: "string", description: "the city" } }, required: ["city"] }.freeze

# Asks the person in front of the terminal; without a terminal the answer is yes.
def ask_permission(kind)
  print "[permission] #{kind}: allow? [Y/n] "
  unless $stdin.tty?
    puts "yes (no terminal)"
    return Permission.approve_once
  end
  $stdin.gets.to_s.strip.casecmp?("n") ? Permission.reject("the user said no") : Permission.approve_once
end

def options
  url = ENV["COPILOT_MODEL_URL"]
  return {} unless url

  { model: "scripted", provider: { type: "openai", baseUrl: url, apiKey: "none" } }
end

$stdout.sync = true
Client.open(github_token: ENV["COPILOT_GITHUB_TOKEN"] || ENV["GITHUB_TOKEN"]) do |client|
  puts "[runtime] #{client.start["version"]}"
  session = client.create_session(streaming: true, **options) do |config|
    config.tool("get_weather", description: "Tells the weather of a city", parameters: PLACE) do |args|
      puts "[tool] get_weather(#{args["city"]})"
      "Sunny, 21 degrees in #{args["city"]}"
    end
    config.on_permission { |question| ask_permission(question["permissionRequest"]["kind"]) }
  end
  tokens = Hash.new(0)
  session.on(Events::ASSISTANT_MESSAGE_DELTA) { |event| print event.data.delta_content }
  session.on(Events::ASSISTANT_USAGE) do |event|
    tokens[:in] += event.data.input_tokens.to_i
    tokens[:out] += event.data.output_tokens.to_i
  end
  session.send_and_wait("What is the weather in Paris?")
  puts "\n[usage] #{tokens[:in]} tokens in, #{tokens[:out]} tokens out"
end
