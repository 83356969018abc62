# frozen_string_literal: true

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))
require "minitest/autorun"
require "fileutils"
require "timeout"
require "copilot_native"

# Peers and waits of the tests. Nothing here depends on time: what is waited for gets a minute.
module Peer
  include CopilotNative

  PATIENCE = 60
  # Never answers `test.hang`.
  HANGS = [{ on: { method: "test.hang" }, do: [{ noReply: true }] }].freeze
  CALL_TOOL = { rules: [{ on: { method: "test.tool" }, do: [
    { event: { type: "external_tool.requested", data: { requestId: "$params.tool", toolCallId: "c", toolName: "$params.tool",
                                                        arguments: "$params.arguments" } } },
    { expect: { method: "session.tools.handlePendingToolCall", where: { requestId: "$params.tool" }, as: "tool", timeoutMs: 60_000 } },
    { reply: { result: "$tool.params" } }
  ] }] }.freeze

  module_function

  def options(script = [])
    path = ENV.fetch("COPILOT_FAKE_RUNTIME") { raise "COPILOT_FAKE_RUNTIME must name the fake runtime" }
    { connection: Connection.stdio(path: path, args: ["--script-json", JSON.generate(script)]) }
  end

  # A client whose fake runtime follows a script; closed behind the block.
  def client(script = [], **more, &)
    made = Client.new(**options(script), **more)
    return made unless block_given?

    begin
      yield made
    ensure
      made.close
    end
  end

  # Lets the runtime call a tool; a Future of what the runtime got as `result` or `error`.
  def call_tool(client, session, tool, arguments = {})
    client.invoke("fake.script", { script: CALL_TOOL })
    client.invoke_async("test.tool", { sessionId: session.id, tool: tool, arguments: arguments })
  end

  def flood(client, session, count) = client.invoke("fake.flood", { sessionId: session.id, count: count, bytes: 10 })

  def counter(client, name) = client.diagnostics["counters"][name]

  def eventually(what)
    deadline = now + PATIENCE
    until yield
      raise Minitest::Assertion, "not in time: #{what}" if now > deadline

      sleep 0.01
    end
  end

  # A queue that gives up loudly.
  def take(queue) = Timeout.timeout(PATIENCE) { queue.pop }

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # Whether a process runs; one that has ended and waits for its parent does not.
  def alive?(pid)
    Process.kill(0, pid)
    !File.exist?("/proc/#{pid}/stat") || File.read("/proc/#{pid}/stat")[/\) (.)/, 1] != "Z"
  rescue Errno::ESRCH, Errno::ENOENT
    false
  end

  # What is told of failed handlers meanwhile.
  def reported
    told = Thread::Queue.new
    CopilotNative.on_failure = ->(problem, _where) { told << problem }
    yield told
  ensure
    CopilotNative.on_failure = nil
  end
end
