# frozen_string_literal: true

require_relative "helper"
require "rbconfig"

# Ends: of clients, sessions, processes; and that nothing grows.
class LifetimeTest < Minitest::Test
  include Peer
  include CopilotNative

  def client_threads = Thread.list.count { |thread| thread.name.to_s.start_with?("copilot-client") }

  def test_closed_objects_say_so
    client = Peer.client(HANGS)
    session = client.create_session
    events = session.events
    hanging = client.invoke_async("test.hang")
    client.close
    client.close
    session.close
    assert hanging.done?, "calls end with their client"
    assert_raises(Error) { hanging.value }
    assert_raises(Error::BadHandle) { client.ping("x") }
    assert_raises(Error::BadHandle) { session.send("x") }
    assert_raises(Error::BadHandle) { session.on {} }
    assert_raises(Error::BadHandle) { session.events }
    assert_empty events.to_a
  end

  # A block keeps everything that its place knows; this one knows nothing.
  QUIET = proc {}

  # Makes and forgets a client and a session that listens, in a thread of its own, so that no stack remembers them.
  def forget
    Thread.new do
      client = Peer.client
      session = client.create_session { |config| config.on_event(&QUIET).tool("t", &QUIET) }
      session.events
      session.on(&QUIET)
      session.send_and_wait("x")
      client.diagnostics["runtimePid"]
    end.value
  end

  def test_forgotten_sessions_and_clients_are_freed
    pids = Array.new(6) { forget }
    eventually("the runtimes of forgotten clients end") do
      GC.start
      # A word on a stack may look like one of them.
      pids.count { |pid| Peer.alive?(pid) } <= 2
    end
  end

  def test_a_session_keeps_a_forgotten_client_going
    session = Thread.new { Peer.client.create_session }.value
    5.times do
      GC.start
      assert_equal "You said: x", session.send_and_wait("x").data.content
    end
    session.close
  end

  def sessions(client, count)
    count.times do
      session = client.create_session { |config| config.on_event {}.on_permission { Permission.approve_once } }
      session.events do |events|
        session.send_and_wait("hello")
        assert events.next
      end
      session.close
    end
  end

  def memory = File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i

  def test_many_sessions_leave_nothing_behind
    skip "memory is read from /proc" unless File.exist?("/proc/self/status")
    count = ENV["COPILOT_SOAK"] ? 100_000 : 3000
    Peer.client do |client|
      sessions(client, 500)
      GC.start
      registered = Registry.size
      threads = Thread.list.size
      before = memory
      sessions(client, count)
      eventually("the sessions are freed") { client.diagnostics["openSessions"].zero? }
      eventually("nothing stays registered") { Registry.size <= registered }
      eventually("threads without work end") { Thread.list.size <= threads + 2 }
      assert_operator memory - before, :<, 48 << 10, "KiB"
    end
  end

  def test_clients_come_and_go
    skip "descriptors are counted in /proc" unless File.exist?("/proc/self/fd")
    # The first one starts the engine.
    Peer.client(&:start)
    before = client_threads
    descriptors = Dir["/proc/self/fd/*"].size
    10.times { Peer.client(&:start) }
    assert_operator client_threads, :<=, before
    # Ten clients that kept one each would be more.
    eventually("descriptors are closed") { Dir["/proc/self/fd/*"].size <= descriptors + 3 }
  end

  # Runs a program of its own with the package loaded; its output.
  def program(text)
    lib = File.expand_path("../lib", __dir__)
    head = "require 'copilot_native'; include CopilotNative; $stdout.sync = true; " \
           "def client = Client.new(connection: Connection.stdio(path: ENV['COPILOT_FAKE_RUNTIME']))\n"
    IO.popen([RbConfig.ruby, "-I", lib, "-e", head + text, { err: %i[child out] }]) do |program|
      Timeout.timeout(PATIENCE) { program.read }
    rescue Timeout::Error
      # Closing waits for its end.
      Process.kill(:KILL, program.pid)
      raise
    end
  end

  def test_a_forked_child_is_refused_and_may_make_its_own
    out = program(<<~RUBY)
      here = client
      session = here.create_session
      session.on { |event| event }
      stream = session.events
      pending = here.ping_async
      pending.value
      hanging = Future.new(here.instance_variable_get(:@core))
      child = fork do
        [-> { here.ping }, -> { here.state }, -> { session.send("x") }, -> { session.on {} }, -> { stream.next }, -> { hanging.value },
         -> { here.create_session }].each do |call|
          call.call
          puts "not refused"
        rescue Error::Forked => e
          puts e.message[/made in process/]
        end
        here.close
        session.close
        own = client
        puts own.create_session.send_and_wait("child").data.content
        own.close
      end
      Process.wait(child)
      puts $?.exitstatus
      puts session.send_and_wait("parent").data.content
      here.close
    RUBY
    assert_equal (["made in process"] * 7) + ["You said: child", "0", "You said: parent"], out.lines.map(&:chomp)
  end

  def test_a_program_that_ends_takes_its_runtime_along
    out = program("here = client; here.start; here.create_session { |c| c.on_event {} }; puts here.diagnostics['runtimePid']")
    pid = Integer(out)
    eventually("the runtime is gone") { !Peer.alive?(pid) }
  end

  def test_a_program_ends_while_handlers_hang
    out = program(<<~RUBY)
      here = client
      session = here.create_session { |config| config.tool("t") { puts "asked"; sleep } }
      session.on { sleep }
      here.invoke("fake.emit", { sessionId: session.id, event: { type: "external_tool.requested",
        data: { requestId: "r", toolCallId: "c", toolName: "t", arguments: {} } } })
      sleep 0.01 until session.counters.delivered.positive?
      puts "over"
    RUBY
    assert_includes out, "over"
  end

  def test_ctrl_c_ends_a_wait
    # The signal may come at any place of the call: often enough to meet several.
    8.times { |time| assert_equal "pong: still there\n", interrupted(time) }
  end

  def interrupted(time)
    program(<<~RUBY)
      here = client
      here.start
      here.invoke("fake.script", { script: [{ on: { method: "test.hang" }, do: [{ noReply: true }] }] })
      # Shells let what they start in the background ignore it.
      trap("INT", "DEFAULT")
      Thread.new do
        Thread.pass until here.diagnostics["pendingCalls"] == 1
        sleep #{time * 0.0005}
        Process.kill(:INT, Process.pid)
      end
      begin
        here.invoke("test.hang")
      rescue Interrupt
        sleep 0.01 until here.diagnostics["pendingCalls"].zero?
        puts here.ping("still there")["message"]
      end
    RUBY
  end

  def test_exit_in_a_handler_ends_the_program
    out = program(<<~RUBY)
      here = client
      session = here.create_session
      session.on("session.idle") { puts "leaving"; exit 3 }
      session.send("x")
      sleep
    RUBY
    assert_equal "leaving\n", out
    assert_equal 3, $?.exitstatus
  end
end
