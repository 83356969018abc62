# frozen_string_literal: true

require_relative "helper"

# A runtime that misbehaves by a seed: whatever it does, every call ends with a result or an error of the gem, and nothing stays.
# ADVERSARY_SEEDS=FROM..TO chooses the seeds, ADVERSARY_SEEDS=7 repeats one.
class AdversaryTest < Minitest::Test
  include Peer
  include CopilotNative

  # How long a program waits before it gives a call up, how long until it must have ended, and how many live at a time.
  GIVES_UP = 0.15
  BOUND = 120
  AT_ONCE = 8

  # A program that uses what it can.
  class Life
    include CopilotNative

    attr_reader :outcomes

    def initialize(seed)
      @seed = seed
      @outcomes = []
      @questions = 0
      @pending = []
    end

    # Begins a call, gives it up after a while; it must end, and only with an error of the gem.
    def try(what, patience = GIVES_UP)
      future = yield
      @pending << [what, future]
      future.wait(patience)
      future.cancel unless future.done?
      ended(what, future)
    rescue Error => error
      noted(what, error)
    end

    def ended(what, future)
      value = Timeout.timeout(BOUND) { future.value }
      @outcomes << "result"
      value
    rescue Timeout::Error => error
      raise Minitest::Assertion, "seed #{@seed}: #{what} never ended" unless error.is_a?(Error)
    rescue Error => error
      noted(what, error)
    end

    def noted(what, error)
      mistake = error.message.to_s.empty? || error.kind.to_s.casecmp?("internal")
      raise Minitest::Assertion, "seed #{@seed}: #{what}: #{error.inspect}" if mistake

      @outcomes << error.class.name
      nil
    end

    # Right, wrong, or an error.
    def answer(right)
      @questions += 1
      case @questions % 3
      when 0 then right
      when 1 then raise "no"
      else 7
      end
    end

    def serve(config)
      config.tool("t", description: "") { |given, _| answer(given.to_s) }
      config.on_event(&:type)
      config.on_permission { answer(Permission.approve_once) }
      config.on_user_input { answer({ answer: "a", wasFreeform: false }) }
      config.on_exit_plan_mode { answer({ approved: true }) }
      config.on_auto_mode_switch { answer("yes") }
      config.on_elicitation { answer({ action: "accept" }) }
      config.on_mcp_auth { answer(nil) }
      config.on_hook("preToolUse") { answer({}) }
      config.on_hook("sessionStart") { answer(nil) }
      config.on_provider_token("default") { answer("token") }
      config.on_canvas { answer(nil) }
      config.on_skill_provider { answer([]) }
      config.on_github_token { answer({ kind: "token", accessToken: "t", expiresIn: 60 }) }
    end

    def talk(session)
      @pending << ["at once", session.send_and_wait_async("at once")]
      try("send_and_wait") { session.send_and_wait_async("a") }
      try("send") { session.send_async("b") }
      try("get_events") { session.get_events_async }
      try("set_model") { session.set_model_async("m") }
      try("abort") { session.abort_async }
      session.close
    rescue Error => error
      noted("talk", error)
    end

    def live
      args = { path: ENV.fetch("COPILOT_FAKE_RUNTIME"), args: ["--adversary", @seed.to_s] }
      connection = (@seed % 4).zero? ? Connection.tcp(**args) : Connection.stdio(**args)
      client = Client.new(connection: connection, start_timeout_ms: 2000)
      use(client)
      try(@seed.even? ? "stop" : "force_stop", BOUND) { @seed.even? ? client.stop_async : client.force_stop_async }
      client.close
      # Whatever was still waited for ends with the client.
      @pending.each { |what, future| ended(what, future) }
      @outcomes
    end

    def use(client)
      try("start", 3) { client.start_async }
      try("ping") { client.ping_async("x") }
      try("list_models") { client.list_models_async }
      try("list_sessions") { client.list_sessions_async }
      session = try("create_session") { client.create_session_async(session_id: "s") { |config| serve(config) } }
      talk(session) if session
      session = try("resume_session") { client.resume_session_async("s") { |config| serve(config) } }
      talk(session) if session
    end
  end

  def seeds
    from, to = ENV.fetch("ADVERSARY_SEEDS", "0..32").split("..").map(&:to_i)
    (from...(to || (from + 1)))
  end

  # Processes of this one that are there, ended or not.
  def children
    Dir["/proc/[0-9]*/stat"].count do |stat|
      File.read(stat)[/\) . (\d+)/, 1].to_i == Process.pid
    rescue Errno::ENOENT, Errno::ESRCH
      false
    end
  end

  def descriptors = Dir["/proc/self/fd/*"].size

  def live_all(seeds)
    left = Thread::Queue.new(seeds.to_a).close
    workers = Array.new(AT_ONCE) do
      Thread.new do
        Thread.current.report_on_exception = false
        outcomes = []
        while (seed = left.pop)
          outcomes.concat(Life.new(seed).live)
        end
        outcomes
      end
    end
    workers.flat_map(&:value)
  end

  def test_every_call_ends_and_nothing_stays
    skip "descriptors and processes are counted in /proc" unless File.exist?("/proc/self/fd")
    # The first client starts what lives as long as the process.
    Peer.client(&:start)
    before = descriptors
    others = children
    clients = Thread.list.count { |thread| thread.name.to_s.start_with?("copilot-client") }
    outcomes = Peer.reported { live_all(seeds) }
    assert_operator outcomes.uniq.size, :>, 4, outcomes.tally if seeds.size > 20
    eventually("the runtimes of seeds #{seeds} end") { children <= others }
    eventually("threads of clients end") do
      Thread.list.count { |thread| thread.name.to_s.start_with?("copilot-client") } <= clients
    end
    eventually("descriptors of seeds #{seeds} are closed") { GC.start || descriptors <= before + 2 }
  end
end
