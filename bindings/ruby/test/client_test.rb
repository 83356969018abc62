# frozen_string_literal: true

require_relative "helper"

# What concerns the client: notifications, its own questions, model requests, the log.
class ClientTest < Minitest::Test
  include Peer
  include CopilotNative

  TAKES = %w[setProvider httpResponseStart httpResponseChunk].map do |name|
    { on: { method: "llmInference.#{name}" }, do: [{ reply: { result: { accepted: true, success: true } } }] }
  end

  def served(script = [], &handlers)
    client = Client.new(**Peer.options(script), &handlers)
    (@clients ||= []) << client
    client.start
    client
  end

  def teardown = (@clients || []).each(&:close)

  def ask(client, method, params) = client.invoke("fake.request", { method: method, params: params })

  def test_notifications
    told = Thread::Queue.new
    client = served do |on|
      on.on_lifecycle { |params| told << params }
      on.on_notification { |method, params| told << [method, params] }
    end
    client.invoke("fake.script", { script: [{ on: { method: "test.notify" }, do: [
      { notify: { method: "session.lifecycle", params: { type: "session.created", sessionId: "s" } } },
      { notify: { method: "some.thing", params: { a: 1 } } }, { reply: { result: nil } }
    ] }] })
    assert_nil client.invoke("test.notify")
    assert_equal "session.created", Peer.take(told)["type"]
    assert_equal ["some.thing", { "a" => 1 }], Peer.take(told)
  end

  def test_a_lost_connection_is_told
    told = Thread::Queue.new
    client = served { |on| on.on_closed { |error| told << error } }
    Process.kill(:KILL, client.diagnostics["runtimePid"])
    assert_instance_of Error::ProcessExited, Peer.take(told)
    assert_match(/fake/, client.start["version"], "it can be started again")
  end

  def test_questions_of_the_client
    client = served { |on| on.on_list_models { [{ id: "mine", name: "Mine" }] } }
    assert_equal ["mine"], client.list_models.map { |model| model["id"] }
    failing = served { |on| on.on_list_models { raise "none today" } }
    assert_includes assert_raises(Error) { failing.list_models }.message, "none today"
  end

  def test_tools_that_are_set_later_are_asked_through_the_client
    asked = Thread::Queue.new
    client = served { |on| on.on_call(CallKind::TOOL) { |question, call| asked << call.name && question["arguments"]["x"] } }
    session = client.create_session
    client.invoke("fake.script", { script: [{ on: { method: "session.tools.set" }, do: [{ reply: { result: {} } }] }] })
    assert_nil session.set_tools([Tool.new("later", description: "d")], handlers: ["later"])
    sent = client.invoke("fake.received", { method: "session.tools.set" })["messages"].last["params"]
    assert_equal [{ "name" => "later", "description" => "d" }], sent["tools"]
    assert_equal "7", Peer.call_tool(client, session, "later", { x: "7" }).value(timeout: PATIENCE)["result"]
    assert_equal "later", Peer.take(asked)
  end

  def test_tools_that_are_set_later_come_with_their_blocks
    client = Peer.client([{ on: { method: "session.tools.set" }, do: [{ reply: { result: {} } }] }])
    session = client.create_session { |config| config.tool("old", description: "d") { "old" } }
    assert_nil session.set_tools([Tool.new("later", description: "d") { |args| args["x"] }])
    assert_equal "7", Peer.call_tool(client, session, "later", { x: "7" }).value(timeout: PATIENCE)["result"]
    # Nothing takes such calls now.
    assert_raises(Error::Rpc) { session.set_tools([Tool.new("again", description: "d") { "again" }]) }
  end

  def test_an_answer_follows_its_schema
    session = Peer.client.create_session
    refused = assert_raises(Error::SchemaMismatch) do
      session.send_and_wait_structured("x", { type: "integer" }, response_retries: 0)
    end
    assert_equal 1, refused.data["tries"]
    assert_equal "You said: \"7\"", session.send_and_wait("\"7\"").data.content
  end

  def test_a_body_is_written_in_pieces
    bodies = Thread::Queue.new
    client = served(TAKES) do |on|
      on.on_llm_request do |request|
        bodies << request.body
        request.start(200, headers: { "content-type" => ["text/plain"] })
        request.write("text")
        request.write([0, 255].pack("C*"))
        request.finish
      end
    end
    client.create_session
    ask(client, "llmInference.httpRequestStart", { requestId: "q", method: "post", url: "http://model.example/v1", headers: {} })
    ask(client, "llmInference.httpRequestChunk", { requestId: "q", data: "hello", end: true })
    assert_equal "hello", Peer.take(bodies)
    wanted = { method: "llmInference.httpResponseChunk" }
    eventually("three pieces") { client.invoke("fake.received", wanted)["count"] == 3 }
    pieces = client.invoke("fake.received", wanted)["messages"].map { |message| message["params"]["data"] }
    assert_equal ["text", [0, 255]], [pieces[0], pieces[1].unpack1("m").bytes]
  end

  def test_messages_of_a_socket_are_read
    read = Thread::Queue.new
    client = served(TAKES) do |on|
      on.on_llm_request do |request|
        request.start(101)
        read << [request.next_message, request.next_message, request.next_message]
        request.finish
      end
    end
    client.create_session
    ask(client, "llmInference.httpRequestStart",
        { requestId: "w", method: "GET", url: "ws://model.example/v1", headers: {}, transport: "websocket" })
    ask(client, "llmInference.httpRequestChunk", { requestId: "w", data: "one" })
    ask(client, "llmInference.httpRequestChunk", { requestId: "w", data: "", end: true })
    assert_equal ["one", nil, nil], Peer.take(read)
  end

  def test_a_log_of_everything_stops_nobody
    count = Thread::Queue.new
    Log.set(:trace) { |line| count << line }
    clients = Array.new(2) { served }
    threads = Array.new(8) { |number| Thread.new { 100.times { clients[number % 2].ping("x") } } }
    threads += clients.map { |client| Thread.new { 20.times { client.create_session.send_and_wait("x") } } }
    assert threads.all? { |thread| thread.join(PATIENCE) }, "they end"
  ensure
    Log.set
    refute_empty count
  end

  def test_the_log
    lines = []
    Log.set(:trace) { |line| lines << line }
    client = served
    session = client.create_session
    session.on { |event| event.type }
    20.times { session.send_and_wait("x") }
    client.close
    Log.set
    refute_empty lines
    assert_includes Log::LEVELS, lines[0].level
    assert(lines.all? { |line| line.target.start_with?("copilot") })
    assert_raises(Error::InvalidArgument) { Log.set(:loud) { nil } }
    size = lines.size
    served
    assert_equal size, lines.size, "silence afterwards"
  end
end
