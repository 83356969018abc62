# frozen_string_literal: true

module CopilotNative
  # A request to a model provider that a handler serves in place of the runtime: begin with #start, #write the body in pieces, and #finish
  # it. A handler that raises or returns before the end lets the request fail. A WebSocket is accepted with status 101 and no headers; each
  # piece is then a message.
  class LlmRequest < View
    include Calls

    def initialize(core, json)
      super(json)
      @core = core
      @handle = core.handle
      @serial = nil
      @messages = Thread::Queue.new
    end

    # The id of the request.
    def request_id = json["requestId"]

    # The session it is for; may be nil.
    def session_id = json["sessionId"]

    # The method of HTTP.
    def http_method = json["method"]

    def url = json["url"]

    # `http` or another way.
    def transport = json["transport"]

    # All headers: name to list of values.
    def headers = json["headers"]

    # The headers that may be passed on.
    def forward_headers = json["forwardHeaders"]

    # The whole body as bytes; empty when there is none.
    def body = (json["bodyBase64"] || "").unpack1("m")

    # Begins the answer; waits until the runtime took it, as the methods below do.
    #
    # @!method start(status, headers: nil, status_text: nil)
    # @param headers name to list of values
    def start_async(status, headers: nil, status_text: nil)
      options = { status: status, headers: headers, statusText: status_text }.compact
      begin_call(:client_llm_start_async, request_id, Json.write(options))
    end

    # Writes a piece of the body, or a message of the WebSocket: a text, or bytes when its encoding is binary.
    def write_async(piece)
      is_binary = piece.encoding == Encoding::BINARY
      begin_call(is_binary ? :client_llm_write_bytes_async : :client_llm_write_text_async, request_id, piece)
    end

    # Ends the answer.
    def finish_async = begin_call(:client_llm_end_async, request_id)

    # Fails an answer that was begun; before that, let the handler raise.
    def fail_async(message, **options) = begin_call(:client_llm_fail_async, request_id, message, wire(options))

    waits :start, :write, :finish, :fail

    # Waits for the next message that the runtime sends over a WebSocket; nil at its end.
    def next_message = @messages.pop

    # A message of the runtime.
    def message(params)
      return if @messages.closed?

      params["data"].is_a?(String) ? @messages << params["data"] : @messages.close
    end

    def inspect = "#<#{self.class.name} #{request_id}>"
  end
end
