# frozen_string_literal: true

require_relative "generated/events"

module CopilotNative
  # An event of a session. It does not change and may be kept and passed between threads.
  class Event
    # Its type, for example `assistant.message_delta`; see Events.
    attr_reader :type

    def initialize(type, text, json = nil)
      @type = type
      @text = text
      @json = json
    end

    # An event of the history or of a result.
    def self.of(json) = new(json["type"], nil, json)

    # The whole event as JSON text, as the runtime sent it.
    def text = @text ||= Json.write(@json)

    # The whole event as a Hash, read at the first use. Do not change it.
    def json = @json ||= Json.parse(@text)

    # The value at a JSON pointer, such as `/data/deltaContent`; nil when there is none.
    def [](pointer) = Json.at(json, pointer)

    def id = json["id"]

    # The id of the event before it; nil for the first one.
    def parent_id = json["parentId"]

    # The sub-agent it comes from; nil for the root agent.
    def agent_id = json["agentId"]

    # When it happened, as ISO-8601 text.
    def timestamp = json["timestamp"]

    # Whether it is not kept in the session's history.
    def ephemeral? = json["ephemeral"] == true

    # Its data, as the class of EventTypes for its type; a plain View for types that this package does not know.
    def data
      @data ||= begin
        name = Events::DATA[type]
        (name ? EventTypes.const_get(name) : View).of(json["data"]) || View.new({})
      end
    end

    def to_s = text

    def inspect = "#<#{self.class.name} #{type}>"
  end

  # The events of a session, one after the other. What is not read yet waits in memory: a slow reader loses nothing. It ends when the
  # session is left or its client stops, and fails with the error of the connection when that is lost. Close it when it is no longer read.
  class EventStream
    include Enumerable

    # What waits to be read. The library's listener holds it, and not the stream.
    class Buffer
      def initialize(core)
        @core = core
        @events = []
        @mutex = Mutex.new
        @news = ConditionVariable.new
        @ended = false
        core.streams[self] = true
      end

      def ended? = @ended

      def size = @mutex.synchronize { @events.size }

      def event(event)
        @mutex.synchronize do
          next if @ended

          @events << event
          @news.signal
        end
      end

      # Nothing more comes; with an error that says why, or nil. The first reason counts.
      def finish(error)
        @mutex.synchronize do
          next if @ended

          @ended = true
          @error = error
          @core.streams.delete(self)
          @news.broadcast
        end
      end

      def destroyed = finish(nil)

      # The next event, nil at the end. What is not given because the time is over stays.
      def take(timeout)
        deadline = timeout && (now + timeout)
        @mutex.synchronize do
          while @events.empty?
            raise @error.clone if @error
            return nil if @ended

            left = deadline && (deadline - now)
            raise Error::Timeout, "no event within #{timeout}s" if left && left <= 0

            @news.wait(@mutex, left)
          end
          @events.shift
        end
      end

      private

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    # Lets go of a stream that nobody refers to. It runs while the collector does, and only leaves a note.
    Forgotten = Struct.new(:core, :handle, :listener) do
      def call(_id) = core.note(:off, handle, listener)
    end

    def initialize(core, handle, buffer, listener)
      @core = core
      @buffer = buffer
      @handle = handle
      @listener = listener
      ObjectSpace.define_finalizer(self, Forgotten.new(core, handle, listener))
    end

    # Each event, which it waits for, until the end. What was read is gone: a second look goes on behind it.
    def each
      return enum_for(:each) unless block_given?

      while (event = self.next)
        yield event
      end
      self
    end

    # The next event, which it waits for, at most so many seconds; nil at the end.
    #
    # @raise [Error] the error of a lost connection, behind what came before it; Error::Timeout when the time is over
    def next(timeout: nil)
      @core.check_fork
      @buffer.take(timeout)
    end

    # How many events wait to be read.
    def waiting = @buffer.size

    # Whether nothing more comes, apart from what waits.
    def ended? = @buffer.ended?

    # Ends the stream; what was not read yet can still be read.
    def close
      @core.unlisten(@handle, @listener)
      @buffer.finish(nil)
    end

    def inspect = "#<#{self.class.name} #{waiting} waiting#{", ended" if ended?}>"
  end
end
