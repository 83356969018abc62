# frozen_string_literal: true

require_relative "generated/session_options"

module CopilotNative
  # What a session is made from: options, tools and handlers. Which handlers there are decides what the runtime asks at all. It may be used
  # for several sessions. A handler given again for the same kind and name replaces the one before.
  #
  # Handlers of questions are methods by the name of their kind, one for each of CallKind::SESSION: `on_permission`, `on_user_input`,
  # `on_hook("preToolUse")`. Their block gets the question, as CallKind tells, and the Call; each runs on a thread of its own, and what it
  # raises is the answer, as an error. It may give a Future.
  class SessionConfig
    # @param options the keywords of SessionOptions; others travel as they are, by their name on the wire
    def initialize(**options)
      @options = {}
      @tools = {}
      @handlers = {}
      @listeners = []
      set(**options)
    end

    # Sets options. Nothing is checked here: the engine does.
    def set(**options)
      options.each do |name, value|
        if name == :tools && value.is_a?(Array) && value.all?(Tool)
          value.each { |each| add_tool(each) }
        else
          @options[SessionOptions::WIRE[name] || name.to_s] = value
        end
      end
      self
    end

    # Adds a tool; see Tool.new.
    def tool(name, **options, &) = add_tool(Tool.new(name, **options, &))

    def add_tool(tool)
      @tools[tool.name] = tool
      self
    end

    # Handles all events of the session from the very first one; see Session#on.
    def on_event(&handler)
      @listeners.push(handler)
      self
    end

    # Told once that the session has ended, behind its last event, with the Error that says why.
    def on_ended(&handler)
      @on_ended = handler
      self
    end

    # Declares and serves a slash command. The block gets the question and the Call; its answer is ignored.
    def command(name, description: nil, &handler)
      declare("commands", { name: name, description: description }.compact)
      on_command(name, &handler)
    end

    # Declares and serves a factory; the block answers `{result: …}`.
    def factory(name, description: "", phases: [], **more, &handler)
      declare("factories", { name: name, description: description, phases: phases, **more })
      on_factory(name, &handler)
    end

    CallKind::SESSION.each do |kind, (number, named)|
      if named
        define_method(:"on_#{kind}") { |name, &handler| on_call(number, name, &handler) }
      else
        define_method(:"on_#{kind}") { |&handler| on_call(number, &handler) }
      end
    end

    # Answers any kind of question by its number, also one that this package does not know.
    def on_call(kind, name = nil, &handler)
      raise ArgumentError, "a block is needed" unless handler

      @handlers[[kind, name]] = handler
      self
    end

    def inspect = "#<#{self.class.name} #{@options.keys.inspect}>"

    # The library's configuration, for the block; it is freed behind it.
    def make(core, link)
      self.class.lend(Json.write(@options)) do |config|
        fill(config, core, link)
        yield config
      end
    end

    # The same with these tools and nothing else.
    def self.of_tools(core, tools)
      lend("{}") do |config|
        tools.each { |tool| tool.add_to(config, core) }
        yield config
      end
    end

    def self.lend(json)
      place = FFI::MemoryPointer.new(:size_t)
      Error.check(Native.session_config_new(Text.view(json), place))
      config = place.get(:size_t, 0)
      begin
        yield config
      ensure
        Native.session_config_free(config)
      end
    end

    private

    def declare(option, declaration)
      before = @options[option]
      @options[option] = (before.is_a?(Array) ? before : []) + [declaration]
    end

    def fill(config, core, link)
      Error.check(Native.session_config_on_ended(config, Callbacks::ENDED, Registry.keep(link.with(@on_ended)), Callbacks::DESTROY))
      @listeners.each do |handler|
        entry = Listener.new(link.serial, handler)
        Error.check(Native.session_config_on_event(config, Callbacks::EVENT, Registry.keep(entry), Callbacks::DESTROY))
      end
      @tools.each_value { |tool| tool.add_to(config, core) }
      @handlers.each do |(kind, name), handler|
        entry = Asked.new(core, ->(call) { handler.call(call.question, call) })
        Error.check(
          Native.session_config_on_call(config, kind, Text.view(name), Callbacks::CALL, Registry.keep(entry), Callbacks::DESTROY)
        )
      end
    end
  end

  # A handler of events.
  class Listener
    def initialize(serial, handler)
      @serial = serial
      @handler = handler
    end

    def event(event)
      handler = @handler
      @serial.push { handler.call(event) }
    end
  end

  # What is known of a session before it is there: the order of its handlers, its streams, and who is told of its end.
  class SessionLink
    attr_reader :serial, :buffers

    def initialize(core)
      @serial = Serial.new(core.busy)
      @buffers = ObjectSpace::WeakMap.new
    end

    def with(on_ended)
      @on_ended = on_ended
      self
    end

    # A stream ends quietly when the session does, and with the error when that is another one.
    def session_ended(error)
      @buffers.keys.each { |buffer| buffer.finish(error.is_a?(Error::SessionClosed) ? nil : error) }
      handler = @on_ended
      @serial.push { handler.call(error) } if handler
    end
  end
end
