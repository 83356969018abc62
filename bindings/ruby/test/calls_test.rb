# frozen_string_literal: true

require_relative "helper"

# Calls in both forms, their results and errors.
class CallsTest < Minitest::Test
  include Peer
  include CopilotNative

  def test_a_client_starts_and_answers
    Peer.client do |client|
      assert_equal :disconnected, client.state
      assert_match(/fake/, client.start["version"])
      assert_equal :connected, client.state
      assert_equal "pong: hi", client.ping("hi")["message"]
      assert_match(/\Apong/, client.ping["message"])
      assert_equal 0, client.runtime_port
      assert_equal({ "a" => [1, nil, "ä🐙"] }, client.invoke("fake.echo", { a: [1, nil, "ä🐙"] }))
      assert_equal "connected", client.diagnostics["state"]
      assert_nil client.get_last_session_id
    end
  end

  def test_futures
    Peer.client do |client|
      client.start
      calls = Array.new(50) { |number| client.ping_async(number.to_s) }
      assert_equal (0...50).map { |number| "pong: #{number}" }, calls.map { |call| call.value["message"] }
      assert calls.all?(&:done?)
      assert_equal "PONG: X", client.ping_async("x").then { |answer| answer["message"].upcase }.value
      chained = client.ping_async("x").then { |answer| client.ping_async(answer["message"]) }
      assert_equal "pong: pong: x", chained.value(timeout: PATIENCE)["message"]
      failing = client.invoke_async("nope").then { flunk "is not called" }
      assert_equal(-32_601, assert_raises(Error::Rpc) { failing.value }.rpc_code)
      assert_equal "instead", client.invoke_async("nope").rescue(Error::Rpc) { "instead" }.value
      assert_raises(ZeroDivisionError) { client.ping_async.then { 1 / 0 }.value(timeout: PATIENCE) }
    end
  end

  def test_errors_say_what_and_why
    Peer.client do |client|
      error = assert_raises(Error::InvalidState) { client.invoke("ping") }
      assert_kind_of Error, error
      assert_equal ["InvalidState", 3], [error.kind, error.code]
      assert_match(/calls_test/, error.backtrace.join)
      session = client.create_session
      session.disconnect
      left = assert_raises(Error::SessionClosed) { session.send("x") }
      assert_equal "session.disconnected", left.reason_code
      assert_equal Reason::SESSION_DISCONNECTED, left.reason_code
      refute_nil left.reason["session"]
    end
  end

  def test_bad_input_is_refused
    assert_raises(Error::InvalidArgument) { Client.new(nonsense: 1) }
    assert_raises(Error::InvalidType, Error::InvalidArgument) { Client.new(connection: 5) }
    Peer.client do |client|
      assert_raises(Error::BadText) { client.ping("\xff") }
      assert_raises(Error::BadText) { client.invoke("x", { a: "\xff" }) }
      assert_raises(Error::InvalidType) { client.ping(5) }
      assert_raises(Error::InvalidType) { client.invoke("x", { a: Object.new }) }
      assert_raises(Error::InvalidArgument) { client.invoke("x", { a: Float::NAN }) }
      client.start
      assert_equal "pong: ä", client.ping("ä".encode("ISO-8859-1"))["message"]
    end
  end

  def test_sessions
    Peer.client do |client|
      session = client.create_session(model: "m", working_directory: "/tmp")
      sent = client.invoke("fake.received", { method: "session.create" })["messages"].last["params"]
      assert_equal ["m", "/tmp"], sent.values_at("model", "workingDirectory")
      assert_equal "You said: hi", session.send_and_wait("hi").data.content
      refute_empty session.send("again", mode: "immediate")
      assert_equal "user.message", session.get_events.map(&:type).find { |type| type == Events::USER_MESSAGE }
      id = session.id
      session.close
      resumed = client.resume_session(id)
      assert_equal id, resumed.id
      assert_nil resumed.set_model("other", reasoning_effort: "low")
      assert_kind_of String, resumed.log("line", level: "info", ephemeral: true)
      assert_raises(Error::Unsupported) { resumed.confirm("really?") }
      assert_operator resumed.counters.received, :>=, 0
    end
  end

  def test_options_by_keyword_are_those_of_the_table
    config = SessionConfig.new(working_directory: "/x")
    config.set("newMember": 1)
    refute_includes config.inspect, "/x"
    assert_includes SessionOptions::WIRE.values, "workingDirectory"
    assert_includes ClientOptions::WIRE.values, "gitHubToken"
  end

  def test_typed_methods
    Peer.client do |client|
      client.start
      assert_equal "pong: typed", client.rpc.ping(message: "typed").message
      session = client.create_session
      session.rpc.model.switch_to(model_id: "other")
      sent = client.invoke("fake.received", { method: "session.model.switchTo" })["messages"].last["params"]
      assert_equal ["other", session.id], sent.values_at("modelId", "sessionId")
      client.invoke("fake.script", { script: [{ on: { method: "models.list" }, do: [
        { reply: { result: { models: [{ id: "m", name: "M", new: 1 }], newer: true } } }
      ] }] })
      list = client.rpc.models.list
      assert_instance_of RpcTypes::ModelList, list
      assert_equal "m", list.models[0].id
      assert_equal 1, list.models[0]["new"], "unknown members are kept"
      assert_equal true, list["newer"]
      assert_nil list.models[0].capabilities
      assert_raises(Error::Rpc) { client.rpc.account.get_quota_async.value }
    end
  end

  def test_secrets_do_not_show
    client = Client.new(**Peer.options, github_token: "gho_very_secret_token")
    refute_includes client.inspect, "gho_very"
    refute_includes client.diagnostics.to_s, "gho_very"
  ensure
    client&.close
  end

  def test_cancelling_a_future_cancels_the_call
    Peer.client(HANGS) do |client|
      client.start
      hanging = client.invoke_async("test.hang")
      eventually("the call is under way") { client.diagnostics["pendingCalls"] == 1 }
      assert hanging.cancel
      refute hanging.cancel
      assert hanging.cancelled?
      assert_raises(Error::Cancelled) { hanging.value }
      eventually("the engine gave it up") { Peer.counter(client, "callsAbandoned") == 1 }
      assert_equal 0, client.diagnostics["pendingCalls"]
    end
  end

  def test_time_limits
    Peer.client(HANGS) do |client|
      client.start
      assert_raises(Error::Timeout) { client.invoke("test.hang", timeout: 0.05) }
      eventually("the engine gave it up") { Peer.counter(client, "callsAbandoned") == 1 }
      patient = client.invoke_async("test.hang")
      assert_raises(Error::Timeout) { patient.value(timeout: 0.05) }
      refute patient.done?, "only the wait is over"
      patient.cancel
      assert_raises(::Timeout::Error) { ::Timeout.timeout(0.05) { client.invoke("test.hang") } }
      eventually("the engine gave up all") { Peer.counter(client, "callsAbandoned") == 3 }
      assert_equal "pong: on", client.ping("on")["message"]
    end
  end

  def test_a_time_limit_of_a_turn_is_the_engines
    quiet = [{ on: { method: "session.send" }, do: [{ reply: "default" }] }]
    Peer.client(quiet) do |client|
      late = assert_raises(Error::Timeout) { client.create_session.send_and_wait("x", timeout: 0.08) }
      assert_equal "timeout.turn", late.reason_code
      refute_nil late.data
    end
  end

  def test_killing_or_raising_in_a_thread_that_waits_cancels_the_call
    Peer.client(HANGS) do |client|
      client.start
      { kill: nil, raise: RuntimeError }.each.with_index(1) do |(way, error), number|
        waiting = Thread.new { client.invoke("test.hang") }
        waiting.report_on_exception = false
        eventually("the call is under way") { client.diagnostics["pendingCalls"] == 1 }
        waiting.public_send(way, *error)
        error ? assert_raises(error) { waiting.join(PATIENCE) } : assert(waiting.join(PATIENCE))
        eventually("the engine gave it up") { Peer.counter(client, "callsAbandoned") == number }
      end
    end
  end

  def test_a_session_that_comes_too_late_is_let_go
    slow = [{ on: { method: "session.create" }, do: [{ expect: { method: "test.go" } }, { builtin: true }] }]
    Peer.client(slow) do |client|
      client.start
      opening = client.create_session_async
      eventually("the call is under way") { client.diagnostics["pendingCalls"] == 1 }
      opening.cancel
      client.notify("test.go")
      eventually("no session is left") { client.diagnostics["openSessions"].zero? }
    end
  end

  def test_others_run_while_a_call_waits
    Peer.client(HANGS) do |client|
      client.start
      hanging = Thread.new { client.invoke("test.hang", timeout: PATIENCE) }
      hanging.report_on_exception = false
      eventually("it waits") { client.diagnostics["pendingCalls"] == 1 }
      assert_equal "pong: x", client.ping("x")["message"]
      hanging.kill
      hanging.join
    end
  end

  def test_a_lost_connection_fails_what_waits
    Peer.client(HANGS) do |client|
      client.start
      waiting = client.invoke_async("test.hang")
      Process.kill(:KILL, client.diagnostics["runtimePid"])
      assert_raises(Error::ProcessExited) { waiting.value(timeout: PATIENCE) }
    end
  end

  def test_the_library_is_looked_for_where_it_was_named
    script = "require 'copilot_native'"
    lib = File.expand_path("../lib", __dir__)
    out = IO.popen({ "COPILOT_LIBRARY" => "/nowhere/libcopilot.so" }, [RbConfig.ruby, "-I", lib, "-e", script, err: %i[child out]], &:read)
    assert_match(/COPILOT_LIBRARY/, out)
    refute_predicate $?, :success?
  end

  def test_answers_of_another_shape_are_errors_of_the_gem
    answers = { "models.list" => nil, "session.list" => 7, "session.getMetadata" => [], "session.getLastId" => "x",
                "session.getMessages" => { events: [1] }, "session.tasks.cancel" => true }
    script = answers.map { |method, answer| { on: { method: method }, do: [{ reply: { result: answer } }] } }
    Peer.client(script) do |client|
      session = client.create_session
      assert_raises(Error::Protocol) { client.list_models }
      assert_raises(Error::Protocol) { client.list_sessions }
      assert_raises(Error::Protocol) { client.get_session_metadata("s") }
      assert_raises(Error::Protocol) { client.get_last_session_id }
      assert_raises(Error::Protocol) { session.get_events }
      assert_raises(Error::Protocol) { session.cancel_task("t") }
    end
  end
end
