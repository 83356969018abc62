# frozen_string_literal: true

require_relative "generated/call_kinds"

module CopilotNative
  # A question that a handler answers: what it is about, who asks, and whether its answer is still wanted.
  class Call
    # The number of the kind, one of CallKind.
    attr_reader :kind
    # The name of the tool, hook, section, command, provider, factory or request; empty for other kinds.
    attr_reader :name

    def initialize(core, handle, kind, session, name, args)
      @core = core
      @handle = handle
      @kind = kind
      @session = session
      @name = name
      @args = args
      @mutex = Mutex.new
      @watchers = []
      @cancelled = false
    end

    # The name of the kind, the same in every language.
    def kind_name = CallKind::NAMES[kind] || "unknown"

    # What is asked, as CallKind tells.
    def question = @question ||= Json.parse(@args)

    # The session that asks; nil for questions of the client, and while the session is still being made.
    def session = @core.session(@session)

    # The id of the call of a tool.
    def tool_call_id = question["toolCallId"]

    # Whether the answer is no longer wanted.
    def cancelled? = @cancelled

    # Calls the block, on a thread of its own, when the answer is no longer wanted; at once if that is so already.
    def on_cancel(&block)
      now = @mutex.synchronize { @cancelled || !@watchers.push(block) }
      Pool.run(&block) if now
      self
    end

    def inspect = "#<#{self.class.name} #{kind_name} #{name}>"

    # Runs a handler and sends what it gives; a Future is waited for, without a thread.
    def serve(&handler)
      watch
      is_over = false
      answer = interruptible { handler.call(self) }
      if answer.is_a?(Future)
        on_cancel { answer.cancel }
        answer.on_done { finish { answer.value } }
      else
        reply(answer)
      end
      is_over = true
    rescue Exception => e
      is_over = true
      failed(e)
      raise if e.is_a?(SignalException) || e.is_a?(SystemExit)
    ensure
      # The handler ended its thread.
      failed(RuntimeError.new("the handler ended its thread")) unless is_over
    end

    # The library tells that the answer is no longer wanted.
    def cancelled
      watchers = @mutex.synchronize do
        @cancelled = true
        @runner&.raise(CallCancelled, "the answer is no longer wanted")
        @watchers.tap { @watchers = [] }
      end
      watchers.each { |watcher| Pool.run(&watcher) }
    end

    private

    def finish
      reply(yield)
    rescue Exception => e
      failed(e)
    end

    def watch
      Native.undisturbed do
        error = Native.call_on_cancel(@handle, Callbacks::CANCEL, Registry.keep(self), Callbacks::DESTROY)
        next if error.zero?

        # The client has ended.
        Native.error_free(error)
        @cancelled = true
      end
    end

    # Runs a handler so that it can be woken when it waits, there and nowhere else.
    def interruptible(&handler)
      Thread.handle_interrupt(CallCancelled => :never) do
        @mutex.synchronize do
          raise CallCancelled, "the answer is no longer wanted" if @cancelled

          @runner = Thread.current
        end
        begin
          Thread.handle_interrupt(CallCancelled => :on_blocking, &handler)
        ensure
          @mutex.synchronize { @runner = nil }
          swallow if @cancelled
        end
      end
    end

    # What came too late must not reach the next handler of this thread.
    def swallow
      Thread.handle_interrupt(CallCancelled => :immediate) { Thread.pass }
    rescue CallCancelled
      nil
    end

    def reply(answer)
      is_text = kind == CallKind::TOOL && !answer.nil? && !result?(answer)
      text = is_text && answer.is_a?(String) ? answer : Json.write(answer)
      finished { is_text ? Native.call_reply_text(@handle, Text.view(text)) : Native.call_reply(@handle, Text.view(text)) }
    end

    # A result of a tool in all its parts.
    def result?(answer)
      answer = answer.json if answer.is_a?(View)
      answer.is_a?(Hash) && (answer.key?("textResultForLlm") || answer.key?(:textResultForLlm))
    end

    def failed(problem)
      text = problem.message.to_s.empty? ? problem.class.name : problem.message
      text = text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
      known = problem.is_a?(CallError)
      data = Text.view(known && problem.data ? Json.write(problem.data) : nil)
      finished { Native.call_fail_with(@handle, Text.view(text), known ? problem.code : 0, data) }
    end

    # An answer that was not taken is either no longer wanted, or is none: then the question ends here.
    def finished
      Native.undisturbed do
        error = yield
        next if error.zero?

        refused = Error.take(error)
        CopilotNative.report(refused, "the answer to #{kind_name}") if Native.call_free(@handle).zero? && !cancelled?
      end
    end
  end

  # What is registered for a question: the handler, which gets the question and the Call.
  class Asked
    attr_writer :core

    def initialize(core, handler)
      @core = core
      @handler = handler
    end

    def asked(handle, kind, session, name, args)
      call = Call.new(@core, handle, kind, session, name, args)
      handler = @handler
      @core.serve { call.serve { handler.call(call) } }
    end
  end
end
