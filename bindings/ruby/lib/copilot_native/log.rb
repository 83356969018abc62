# frozen_string_literal: true

module CopilotNative
  # What the library logs. There is one receiver for the whole process; without one nothing is logged.
  module Log
    LEVELS = %i[off error warn info debug trace].freeze
    # A line: how important it is, where it comes from, such as `copilot_core::rpc`, and what it says, without secrets that the library
    # knows.
    Line = Struct.new(:level, :target, :message)

    RECEIVE = FFI::Function.new(:void, [:size_t, :uint32, Native::Str.by_value, Native::Str.by_value]) do |id, level, target, message|
      CopilotNative.guarded("the log") do
        Registry.find(id)&.push(Line.new(LEVELS.fetch(level, :trace), Text.of(target), Text.of(message)))
      end
    end
    private_constant :RECEIVE

    # Hands lines to a block, in order, on a thread of its own: it may call this package.
    class Receiver
      def initialize(handler)
        @handler = handler
        @lines = Thread::Queue.new
        start
      end

      def push(line)
        # A forked process has the receiver, but not its thread.
        start unless @thread.alive?
        @lines << line unless @lines.closed?
      end

      def destroyed
        @lines.close
      end

      # Waits until every line was handed over.
      def join
        @thread.join(5) unless Thread.current.equal?(@thread)
      end

      private

      def start
        @thread = Thread.new { Thread.handle_interrupt(Object => :immediate) { work_on } }
        @thread.name = "copilot-log"
      end

      def work_on
        while (line = @lines.pop)
          CopilotNative.guarded("a receiver of the log") { @handler.call(line) }
        end
      end
    end
    private_constant :Receiver

    class << self
      # Whether somebody receives it.
      def on? = !@receiver.nil?

      # Says who gets what the library logs from now on, in place of whoever got it before.
      #
      # @param level one of LEVELS
      # @yield [Line] without a block, nothing is logged
      # @raise [Error::Unsupported] when the process has another receiver of Rust's `tracing`
      def set(level = :off, &handler)
        number = LEVELS.index(level.to_sym) or raise Error::InvalidArgument, "#{level} is none of #{LEVELS.join(", ")}"
        before = @receiver
        if handler && number.positive?
          @receiver = Receiver.new(handler)
          Error.check(Native.log_set(number, RECEIVE, Registry.keep(@receiver), Callbacks::DESTROY))
        else
          Error.check(Native.log_set(0, nil, 0, nil))
          @receiver = nil
        end
        before&.join
      end
    end
  end
end
