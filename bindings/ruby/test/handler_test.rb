# frozen_string_literal: true

require_relative "helper"

# Handlers: what they give, raise and are told, and the threads they run on.
class HandlerTest < Minitest::Test
  include Peer
  include CopilotNative

  # What the runtime gets when a tool with this block is called.
  def answer(arguments = {}, &tool)
    Peer.client do |client|
      session = client.create_session { |config| config.tool("t", description: "d", parameters: { type: "object" }, &tool) }
      return Peer.call_tool(client, session, "t", arguments).value(timeout: PATIENCE)
    end
  end

  def test_tools_give_texts_values_results_and_futures
    assert_equal "Oslo", answer({ city: "Oslo" }) { |args, _call| args["city"] }["result"]
    assert_equal "[3]", answer({ a: 1, b: 2 }) { |args| [args["a"] + args["b"]] }["result"]
    full = answer { { textResultForLlm: "no", resultType: "failure" } }["result"]
    assert_equal %w[no failure], full.values_at("textResultForLlm", "resultType")
    later = answer { Future.of("x").then { |text| "#{text}y" } }
    assert_equal "xy", later["result"]
  end

  def test_what_handlers_raise_is_their_answer
    assert_includes answer { raise "no numbers today" }.to_s, "no numbers today"
    assert_includes answer { raise NotImplementedError, "not a StandardError" }.to_s, "not a StandardError"
    assert_includes answer { Future.of(1).then { raise "later" } }.to_s, "later"
    assert_includes answer { Future.of(1).then { raise NotImplementedError, "later still" } }.to_s, "later still"
    assert_includes answer { Future.of(1).then { Thread.exit } }.to_s, "ended its thread"
    assert_includes answer { Object.new }.to_s, "JSON"
    assert_includes answer { Thread.exit }.to_s, "ended its thread"
    assert_includes answer { raise "\xff\xfe broken" }.to_s, "broken"
    assert_includes answer { throw :nowhere }.to_s, "nowhere"
  end

  def test_handlers_know_who_asks
    found = Thread::Queue.new
    Peer.client do |client|
      session = client.create_session do |config|
        config.tool("t") { |_args, call| found << [call.kind_name, call.name, call.tool_call_id, call.session] && nil }
      end
      Peer.call_tool(client, session, "t").value(timeout: PATIENCE)
      assert_equal ["tool", "t", "c", session], Peer.take(found)
    end
  end

  def test_an_answer_that_is_no_longer_wanted_wakes_its_handler
    told = Thread::Queue.new
    never = Future.new
    never.on_done { told << "the future" }
    Peer.client do |client|
      session = client.create_session do |config|
        config.tool("sleep") do |_args, call|
          call.on_cancel { told << "the watcher" }
          told << "running"
          sleep
        rescue CallCancelled
          told << "the thread #{call.cancelled?}"
          raise
        end
        config.tool("future") { told << "running" && never }
      end
      Peer.call_tool(client, session, "sleep")
      Peer.call_tool(client, session, "future")
      2.times { assert_equal "running", Peer.take(told) }
      session.disconnect
      assert_equal ["the future", "the thread true", "the watcher"], Array.new(3) { Peer.take(told) }.sort
    end
  end

  def test_a_slow_handler_holds_up_nobody
    go = Thread::Queue.new
    Peer.client do |client|
      session = client.create_session do |config|
        config.tool("slow") { go.pop }
        config.tool("fast") { "fast" }
      end
      other = client.create_session
      slow = Peer.call_tool(client, session, "slow")
      assert_equal "fast", Peer.call_tool(client, session, "fast").value(timeout: PATIENCE)["result"]
      session.on { go.pop }
      assert_equal "You said: x", session.send_and_wait("x").data.content, "a handler that takes long is not waited for"
      assert_equal "You said: y", other.send_and_wait("y").data.content
      refute slow.done?
      100.times { go << "done" }
      assert_equal "done", slow.value(timeout: PATIENCE)["result"]
    end
  end

  def test_handlers_of_events_that_raise_disturb_nobody
    Peer.reported do |told|
      Peer.client do |client|
        seen = []
        session = client.create_session
        session.on(Events::ASSISTANT_MESSAGE) { raise SystemStackError, "deep" }
        session.on(Events::ASSISTANT_MESSAGE) { |event| seen << event.data.content }
        assert_equal "You said: hi", session.send_and_wait("hi").data.content
        assert_equal ["You said: hi"], seen
        assert_equal "deep", Peer.take(told).message
      end
    end
  end

  def test_handlers_of_events_may_call
    answers = Thread::Queue.new
    Peer.client do |client|
      session = client.create_session
      once = false
      session.on("session.idle") do
        next if once

        once = true
        answers << client.ping("x")["message"] << session.send_and_wait("again", timeout: PATIENCE)
      end
      session.send("hi")
      assert_equal "pong: x", Peer.take(answers)
      assert_equal "You said: again", Peer.take(answers).data.content
    end
  end

  def test_events_come_in_order_and_before_the_end_of_the_call
    Peer.client do |client|
      session = client.create_session
      numbers = []
      off = session.on("assistant.message_delta") { |event| numbers << event["/data/n"] }
      Peer.flood(client, session, 5000)
      assert_equal (0...5000).to_a, numbers
      off.call
      off.call
      Peer.flood(client, session, 5)
      assert_equal 5000, numbers.size
    end
  end

  def test_closing_inside_of_handlers
    Peer.client do |client|
      closed = Thread::Queue.new
      session = client.create_session
      session.on("session.idle") { closed << session.close.inspect }
      session.send("hi")
      Peer.take(closed)
      eventually("it is freed") do
        session.id && false
      rescue Error::BadHandle
        true
      end
      second = client.create_session
      second.on("session.idle") { closed << client.close.inspect }
      second.send("hi")
      Peer.take(closed)
      assert_raises(Error::BadHandle) { client.state }
      assert client.closed?
    end
  end

  def test_no_handler_starts_behind_the_end_of_its_client
    go = Thread::Queue.new
    running = Thread::Queue.new
    client = Peer.client
    session = client.create_session
    session.on { running << go.pop }
    Peer.flood(client, session, 10)
    client.close
    11.times { go << "gone" }
    assert_equal "gone", Peer.take(running)
    again = Peer.client
    other = again.create_session
    assert_equal "You said: x", other.send_and_wait("x").data.content
    again.close
    assert_empty running, "the others are given up"
  end

  def test_a_tool_may_close_its_client
    closed = Thread::Queue.new
    client = Peer.client
    session = client.create_session { |config| config.tool("close") { client.close && closed << "closed" } }
    session.on {}
    pid = client.diagnostics["runtimePid"]
    Peer.call_tool(client, session, "close").on_done { closed << "over" }
    Peer.take(closed)
    eventually("the runtime is gone") { !Peer.alive?(pid) }
    client.close
  end

  def test_the_end_of_a_session_is_told
    told = Thread::Queue.new
    Peer.client do |client|
      config = SessionConfig.new.on_ended { |error| told << error }
      client.create_session(config).disconnect
      assert_equal "session.disconnected", Peer.take(told).reason_code
      session = client.create_session(config)
      stream = session.events
      Process.kill(:KILL, client.diagnostics["runtimePid"])
      assert_instance_of Error::ProcessExited, Peer.take(told)
      assert_raises(Error::ProcessExited) { stream.to_a }
    end
  end

  def test_declarations
    tool = Tool.new("open", description: "somebody else answers", skip_permission: true)
    assert_equal({ "name" => "open", "description" => "somebody else answers", "skipPermission" => true }, tool.declaration)
    config = SessionConfig.new(tools: [tool])
    Peer.client do |client|
      client.create_session(config)
      sent = client.invoke("fake.received", { method: "session.create" })["messages"].last["params"]
      assert_equal "open", sent["tools"][0]["name"]
    end
  end

  def test_every_kind_has_a_method
    assert_equal CallKind::NAMES.keys.sort, (CallKind::SESSION.values + CallKind::CLIENT.values).map(&:first).sort
    CallKind::SESSION.each_key { |name| assert_respond_to SessionConfig.new, :"on_#{name}" }
    CallKind::CLIENT.each_key { |name| assert_respond_to ClientConfig.new, :"on_#{name}" }
  end
end
