# frozen_string_literal: true

require_relative "generated/client_options"

module CopilotNative
  # How a runtime is reached, for the option `connection:`. Members that are nil are left out.
  module Connection
    module_function

    # A child process over its standard input and output. `path:`, `args:`.
    def stdio(**members) = of("stdio", **members)

    # A child process over a TCP port. `path:`, `args:`, `port:`, `connection_token:`.
    def tcp(**members) = of("tcp", **members)

    # A runtime that runs already. `connection_token:`.
    def uri(url, **members) = of("uri", url: url, **members)

    # The runtime as a library in this process. `path:`.
    def inprocess(**members) = of("inprocess", **members)

    # The program that started this one: this process is an extension, and its standard streams belong to the runtime.
    def parent_process = of("parent-process")

    def of(kind, **members)
      members[:connectionToken] = members.delete(:connection_token) if members.key?(:connection_token)
      { kind: kind, **members }.compact
    end
  end

  # The handlers of a client, given to the block of Client.new. Handlers of questions are methods by the name of their kind, one for each
  # of CallKind::CLIENT: `on_list_models`, `on_extension_launch`, `on_llm_request`; see SessionConfig.
  class ClientConfig
    def initialize(**options)
      @options = options.to_h { |name, value| [ClientOptions::WIRE[name] || name.to_s, value] }
      @served = {}
      @handlers = {}
    end

    CallKind::CLIENT.except(:llm_request).each do |kind, (number, _named)|
      define_method(:"on_#{kind}") { |&handler| on_call(number, &handler) }
    end

    # Serves requests to model providers in place of the runtime; the block gets an LlmRequest and the Call.
    def on_llm_request(&handler)
      @llm = handler
      on_call(CallKind::LLM_REQUEST) { raise "served elsewhere" }
    end

    # Answers any kind of question of the client, and of sessions that have no handler of their own for it.
    def on_call(kind, &handler)
      raise ArgumentError, "a block is needed" unless handler

      @served[CallKind::SERVED[kind]] = true if CallKind::SERVED[kind]
      @handlers[kind] = handler
      self
    end

    # Told of `session.lifecycle` notifications: their parameters. Handlers that are told run one at a time and in order.
    def on_lifecycle(&handler)
      @served["lifecycle"] = true
      @on_lifecycle = handler
      self
    end

    # Told of every other notification: its method and its parameters.
    def on_notification(&handler)
      @on_notification = handler
      self
    end

    # Asks the runtime for its telemetry events, which come as notifications.
    def github_telemetry
      @served["gitHubTelemetry"] = true
      self
    end

    # Told that the connection was lost without being asked to, with the Error.
    def on_closed(&handler)
      @on_closed = handler
      self
    end

    def inspect = "#<#{self.class.name} #{@options.keys.inspect}>"

    # Makes the library's client.
    def open
      options = @served.empty? ? @options : @options.merge("handlers" => @served)
      given = Native::ClientOptions.new
      given[:size] = Native::ClientOptions.size
      given[:drive] = Native::DRIVE_POLL
      kept = Text.fill(given[:json], Json.write(options))
      told = Told.new(@handlers.dup, @llm, @on_lifecycle, @on_notification, @on_closed)
      hand_over(given, told)
      core = Native.undisturbed { made(given) }
      kept.clear
      told.core = core
    end

    private

    def hand_over(given, told)
      given[:on_call] = Callbacks::CALL unless @handlers.empty?
      given[:on_lifecycle] = Callbacks::LIFECYCLE if @on_lifecycle
      given[:on_notification] = Callbacks::NOTIFICATION if @on_notification || @llm
      given[:on_closed] = Callbacks::CLOSED
      given[:user_data] = Registry.keep(told)
      given[:destroy] = Callbacks::DESTROY
    end

    def made(given)
      place = FFI::MemoryPointer.new(:size_t)
      Error.check(Native.client_new(given, place))
      handle = place.get(:size_t, 0)
      begin
        Core.new(handle)
      rescue Error
        # This platform has no descriptor to wait for.
        Native.client_free(handle)
        raise
      end
    end

    # What the library tells a client. Nothing calls it before the client is used.
    class Told
      attr_reader :core

      def initialize(handlers, llm, on_lifecycle, on_notification, on_closed)
        @handlers = handlers
        @llm = llm
        @on_lifecycle = on_lifecycle
        @on_notification = on_notification
        @on_closed = on_closed
        @requests = {}
        @mutex = Mutex.new
      end

      def core=(core)
        @core = core
        core
      end

      def asked(handle, kind, session, name, args)
        call = Call.new(@core, handle, kind, session, name, args)
        return serve_request(call) if kind == CallKind::LLM_REQUEST && @llm

        handler = @handlers[kind]
        @core.serve do
          call.serve do
            raise "No handler for #{call.kind_name} #{name}".strip unless handler

            handler.call(call.question, call)
          end
        end
      end

      def lifecycle(json)
        tell(@on_lifecycle, Json.parse(json))
      end

      def notification(method, json)
        params = Json.parse(json)
        request = method == "llm.message" && @mutex.synchronize { @requests[params["requestId"]] }
        request ? request.message(params) : tell(@on_notification, method, params)
      end

      def lost(error)
        @core.streams.keys.each { |buffer| buffer.finish(error) }
        tell(@on_closed, error)
      end

      private

      def tell(handler, *what)
        @core.serial.push { handler.call(*what) } if handler
      end

      # The request is known at once, as its messages may come before the handler runs.
      def serve_request(call)
        request = LlmRequest.new(@core, call.question)
        @mutex.synchronize { @requests[request.request_id] = request }
        @core.serve { call.serve { answer_request(request, call) } }
      end

      def answer_request(request, call)
        answer = @llm.call(request, call)
        return answer.on_done { forget(request) } if answer.is_a?(Future)
      ensure
        forget(request) unless answer.is_a?(Future)
      end

      def forget(request) = @mutex.synchronize { @requests.delete(request.request_id) }
    end
  end
end
