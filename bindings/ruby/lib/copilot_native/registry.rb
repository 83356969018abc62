# frozen_string_literal: true

module CopilotNative
  # What the library holds of this program: each registration by a number, which the library passes back as user data.
  module Registry
    @entries = {}
    @next = 0
    @mutex = Mutex.new

    class << self
      # Keeps an entry until it is dropped.
      def keep(entry)
        @mutex.synchronize do
          @next += 1
          @entries[@next] = entry
          @next
        end
      end

      def find(id) = @mutex.synchronize { @entries[id] }

      # The entry, which is forgotten.
      def drop(id) = @mutex.synchronize { @entries.delete(id) }

      def size = @mutex.synchronize { @entries.size }
    end
  end

  # The functions that the library calls: one of each type for the whole program.
  module Callbacks
    # The library lets go of an entry.
    DESTROY = FFI::Function.new(:void, [:size_t]) do |id|
      CopilotNative.guarded("letting go") do
        entry = Registry.drop(id)
        entry.destroyed if entry.respond_to?(:destroyed)
      end
    end

    # A call has ended; once, and so the entry is dropped here.
    DONE = FFI::Function.new(:void, %i[size_t size_t size_t]) do |id, error, result|
      CopilotNative.guarded("the end of a call") { Registry.drop(id)&.ended(error, result) }
    end

    EVENT = FFI::Function.new(:void, %i[size_t size_t pointer]) do |id, _session, event|
      CopilotNative.guarded("an event") do
        view = Native::Event.new(event)
        Registry.find(id)&.event(Event.new(Text.of(view[:type_name]), Text.of(view[:json])))
      end
    end

    CALL = FFI::Function.new(:void, %i[size_t size_t pointer]) do |id, call, info|
      CopilotNative.guarded("a question") do
        view = Native::CallInfo.new(info)
        Registry.find(id).asked(call, view[:kind], view[:session], Text.of(view[:name]) || "", Text.of(view[:args]))
        call = 0
      ensure
        Native.call_free(call) unless call.zero?
      end
    end

    CANCEL = FFI::Function.new(:void, [:size_t]) do |id|
      CopilotNative.guarded("a cancellation") { Registry.find(id)&.cancelled }
    end

    ENDED = FFI::Function.new(:void, %i[size_t size_t size_t]) do |id, _session, error|
      CopilotNative.guarded("the end of a session") { Registry.find(id)&.session_ended(Error.take(error)) }
    end

    LIFECYCLE = FFI::Function.new(:void, [:size_t, Native::Str.by_value, Native::Str.by_value]) do |id, _name, json|
      CopilotNative.guarded("a notification") { Registry.find(id)&.lifecycle(Text.of(json)) }
    end

    NOTIFICATION = FFI::Function.new(:void, [:size_t, Native::Str.by_value, Native::Str.by_value]) do |id, name, json|
      CopilotNative.guarded("a notification") { Registry.find(id)&.notification(Text.of(name), Text.of(json)) }
    end

    CLOSED = FFI::Function.new(:void, %i[size_t size_t]) do |id, error|
      CopilotNative.guarded("the end of a connection") { Registry.find(id)&.lost(Error.take(error)) }
    end
  end

  class << self
    # Called with what handlers of events raised, and with defects; by default they go to `warn`. Set a block that takes the exception and
    # a text of where it was.
    attr_writer :on_failure

    # Runs something whose exceptions must not leave it.
    def guarded(where)
      yield
    rescue SignalException, SystemExit => e
      # Not ours: for whoever waits for it.
      Thread.main.raise(e)
    rescue Exception => e
      report(e, where)
    end

    def report(problem, where)
      if @on_failure
        @on_failure.call(problem, where)
      else
        warn("copilot_native: #{where} failed: #{problem.full_message(highlight: false)}")
      end
    rescue StandardError
      # A receiver that fails cannot be told of.
      nil
    end
  end
end
