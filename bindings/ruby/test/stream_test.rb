# frozen_string_literal: true

require_relative "helper"

# Events that are read one after the other.
class StreamTest < Minitest::Test
  include Peer
  include CopilotNative

  def test_a_slow_reader_loses_nothing
    Peer.client do |client|
      session = client.create_session
      session.events do |events|
        Peer.flood(client, session, 20_000)
        assert_equal "pong: x", client.ping("x")["message"], "what waits stops nobody"
        eventually("all are there") { events.waiting >= 20_000 }
        numbers = events.lazy.select { |event| event.type == "assistant.message_delta" }.first(20_000).map { |event| event["/data/n"] }
        assert_equal (0...20_000).to_a, numbers
      end
    end
  end

  def test_streams_end_with_their_session_and_client
    Peer.client do |client|
      session = client.create_session
      first = session.events
      counted = Thread.new { first.count }
      session.send_and_wait("x")
      session.close
      assert_operator counted.join(PATIENCE).value, :>, 5
      assert first.ended?
      second = client.create_session.events
      client.stop
      assert_empty second.to_a
      assert_nil second.next
    end
  end

  def test_streams_are_enumerable
    Peer.client do |client|
      session = client.create_session
      events = session.events
      session.send_and_wait("x")
      assert_equal "user.message", events.first.type
      assert_raises(Error::Timeout) { loop { events.next(timeout: 0.02) } }
      events.close
      assert_empty events.to_a
      assert_nil events.next(timeout: 1)
    end
  end

  def test_two_streams_and_a_handler_see_the_same
    Peer.client do |client|
      session = client.create_session
      one = session.events
      two = session.events
      seen = []
      session.on { |event| seen << event.id }
      session.send_and_wait("x")
      session.disconnect
      assert_equal seen, one.map(&:id)
      assert_equal seen, two.map(&:id)
      refute_empty seen
    end
  end

  def test_a_thread_that_waits_for_an_event_can_be_ended
    Peer.client do |client|
      events = client.create_session.events
      waiting = Thread.new { events.next }
      eventually("it waits") { waiting.stop? }
      waiting.kill
      assert waiting.join(PATIENCE)
      assert_raises(::Timeout::Error) { ::Timeout.timeout(0.02) { events.next } }
    end
  end

  def test_events_keep_what_is_unknown
    Peer.client do |client|
      session = client.create_session
      seen = Thread::Queue.new
      session.on { |event| seen << event }
      client.invoke("fake.emit", { sessionId: session.id, event: { type: "brand.new", data: { deepMember: [{ x: "ä" }] } } })
      event = Peer.take(seen)
      assert_equal "brand.new", event.type
      assert_equal "ä", event["/data/deepMember/0/x"]
      assert_equal [{ "x" => "ä" }], event.data["deepMember"]
      assert_includes event.text, "brand.new"
      assert_nil event["/data/nothing/9"]
    end
  end

  def test_typed_data
    Peer.client do |client|
      session = client.create_session
      message = session.send_and_wait("x")
      assert_instance_of EventTypes::AssistantMessageData, message.data
      assert_equal "You said: x", message.data.content
      assert_equal message.data.json, message.json["data"]
      refute_nil message.timestamp
      refute_predicate message, :ephemeral?
    end
  end
end
