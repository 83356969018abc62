# frozen_string_literal: true

require_relative "generated/message_options"

module CopilotNative
  # A conversation with the agent. Calls wait for their result and raise an Error when they fail; with `_async` in their name they return a
  # Future at once. All methods may be used from any thread.
  class Session
    include Calls

    # Frees a session that nobody refers to. It runs while the collector does, and only leaves a note.
    Forgotten = Struct.new(:core, :handle) do
      def call(_id) = core.note(:free, handle)
    end

    def initialize(core, handle, link)
      @core = core
      @handle = handle
      @link = link
      @serial = link.serial
      core.add(self)
      ObjectSpace.define_finalizer(self, Forgotten.new(core, handle))
    end

    # The id of the session.
    def id = state["sessionId"]

    # What is known of the session: `sessionId`, `workspacePath`, `capabilities`, `openCanvases`.
    def state = given(:session_state)

    # How many events went in and out.
    def counters = count(:session_counters)

    # The methods of the runtime for this session.
    def rpc = @rpc ||= SessionRpc.new(self)

    # -- events

    # Adds a handler for the events of a type, or of all types, from now on; the first handler of a session that nothing was asked of before
    # also gets the events since it was made. Handlers of a session run one at a time and in order, on a thread of theirs. What they raise
    # goes to CopilotNative.on_failure.
    #
    # @return [Proc] removes the handler; calling it again does nothing
    def on(type = nil, &handler)
      raise ArgumentError, "a block is needed" unless handler

      shared = core
      number = handle
      listener = shared.listen(number, type, Listener.new(serial, handler))
      -> { shared.unlisten(number, listener) }
    end

    # The events from now on, to be read one after the other; begins as #on does.
    #
    # @yield [EventStream] with a block, the stream is closed behind it and the value of the block is given
    def events
      buffer = EventStream::Buffer.new(core)
      @link.buffers[buffer] = buffer
      stream = EventStream.new(core, handle, buffer, core.listen(handle, nil, buffer))
      return stream unless block_given?

      begin
        yield stream
      ensure
        stream.close
      end
    end

    # -- messages

    # Sends a message; the answer comes as events. Options are the keywords of MessageOptions. Ruby's own `send` is here as `__send__`.
    #
    # @!method send(prompt, **options)
    # @return [String] the id of the message
    def send_async(prompt, **options)
      begin_call(:session_send_async, prompt, wire(options, MessageOptions::WIRE)) { |json| Json.member(json, "messageId") }
    end

    # Sends a message and waits until the agent has finished with it.
    #
    # @!method send_and_wait(prompt, timeout: nil, inactivity_timeout: nil, **options)
    # @param timeout seconds; the limit ends the wait, not the work: see #abort
    # @param inactivity_timeout seconds without any event of the session
    # @param options as for #send, and `until:`
    # @return [Event, nil] the last message, nil when there was none
    def send_and_wait_async(prompt, timeout: nil, inactivity_timeout: nil, **options)
      options[:timeoutMs] = (timeout * 1000).round if timeout
      options[:inactivityTimeoutMs] = (inactivity_timeout * 1000).round if inactivity_timeout
      begin_call(:session_send_and_wait_async, prompt, wire(options, MessageOptions::WIRE)) { |json| json && Event.of(json) }
    end

    # Sends a message and waits for an answer that follows a JSON Schema; an agent whose answer does not is told what was wrong and asked
    # again.
    #
    # @!method send_and_wait_structured(prompt, response_schema, **options)
    # @param options as for #send_and_wait, and `response_retries:`
    # @return [Object] the answer, checked
    # @raise [Error::SchemaMismatch] when no try was right
    def send_and_wait_structured_async(prompt, response_schema, **options)
      more = wire(options, MessageOptions::WIRE)
      begin_call(:session_send_and_wait_structured_async, prompt, Json.write(response_schema), more) { |json| json["value"] }
    end

    # Every event of the session so far, oldest first.
    def get_events_async = begin_call(:session_get_events_async) { |json| Json.objects(json, "events").map { |event| Event.of(event) } }

    # Asks the agent to stop what it is doing.
    def abort_async = begin_call(:session_abort_async)

    waits :send, :send_and_wait, :send_and_wait_structured, :get_events, :abort

    # -- settings

    # Changes the model from the next message on; the conversation so far is kept. Options such as `reasoning_effort:`.
    def set_model_async(model, **options) = begin_call(:session_set_model_async, model, wire(options))

    # Changes how the automatic choice of models weighs cost and ability; nil: the default. Gives the runtime's answer.
    def set_auto_tier_async(tier) = begin_call(:session_set_auto_tier_async, Json.write(tier)) { |json| json }

    # Replaces all tools of this program in the session, with the blocks that run them; after an error the old ones stay. Tools that are a
    # Hash are declared only, and so are all with `handlers:`, which names those that the client's on_call serves.
    def set_tools_async(tools, **options)
      return declare_tools(tools, options) unless options.empty? && tools.all?(Tool)

      Native.undisturbed do
        SessionConfig.of_tools(core, tools) do |config|
          Future.start(core, self, serial, ->(result) { Text.take(result) && nil }) do |id, place|
            Native.session_serve_tools_async(handle, config, Callbacks::DONE, id, nil, place)
          end
        end
      end
    end

    # Writes a line into the session's timeline; `level:` and `ephemeral:`. Gives the id of its event, or nil.
    def log_async(message, **options) = begin_call(:session_log_async, message, wire(options)) { |json| json && Json.member(json, "eventId") }

    # Ends a task that runs in the background; false when there is no such task.
    def cancel_task_async(id) = begin_call(:session_cancel_task_async, id) { |json| Json.member(json, "cancelled") }

    waits :set_model, :set_auto_tier, :set_tools, :log, :cancel_task

    # -- questions to the user; Error::Unsupported when the host cannot ask

    # Asks the user yes or no.
    def confirm_async(message) = begin_call(:session_confirm_async, message) { |json| json }

    # Asks the user to choose one of several texts; nil when none was chosen.
    def select_async(message, options) = begin_call(:session_select_async, message, Json.write(options)) { |json| json }

    # Asks the user for a text; nil when there is none. Options such as `min_length:`.
    def input_async(message, **options) = begin_call(:session_input_async, message, wire(options)) { |json| json }

    # Asks the user to fill in a form of this JSON Schema; gives `{"action" => …, "content" => …}`.
    def elicit_async(message, schema) = begin_call(:session_elicit_async, message, Json.write(schema)) { |json| json }

    waits :confirm, :select, :input, :elicit

    # -- everything else

    # Calls any method of the runtime for this session; its id is added to the parameters, which may be nil.
    def invoke(method, params = nil, timeout: nil) = Future.await(timeout: timeout) { invoke_async(method, params) }

    # As #invoke, without waiting.
    def invoke_async(method, params = nil) = invoke_and_read(method, params) { |json| json }

    # Leaves the session: waits end with Error::SessionClosed, handlers are cancelled. Its state stays on disk and can be resumed.
    def disconnect_async = begin_call(:session_disconnect_async)

    waits :disconnect

    # Disconnects, if that is not done yet, and frees the session. Never fails. A session that is forgotten is freed after the collector has
    # found it, unless its own handlers refer to it.
    def close
      return unless core.here?

      # The end of the session wakes its handlers, one of which this may be.
      Thread.handle_interrupt(CallCancelled => :never) do
        disconnect
      rescue Error
        # Left already, or the connection is lost.
        nil
      ensure
        core.note(:free, handle)
      end
    end

    def inspect = "#<#{self.class.name}>"

    private

    def declare_tools(tools, options)
      list = tools.map { |tool| tool.is_a?(Tool) ? tool.declaration : tool }
      begin_call(:session_set_tools_async, Json.write(list), wire(options))
    end

    def invoke_and_read(method, params, &) = begin_call(:session_invoke_async, method, Json.write_or_nil(params), &)
  end
end
