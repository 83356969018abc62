# frozen_string_literal: true

module CopilotNative
  # How numbers of events are told.
  Counters = Struct.new(:received, :delivered, :queued_events, :queued_bytes, keyword_init: true)

  # What clients and sessions have in common: calls in two forms.
  module Calls
    # Makes the forms that wait of those with `_async` in their name.
    module Waiting
      def waits(*names)
        names.each do |name|
          define_method(name) do |*args, **options, &block|
            Future.await { public_send(:"#{name}_async", *args, **options, &block) }
          end
        end
      end
    end

    def self.included(base) = base.extend(Waiting)

    # The library's handle, a number.
    attr_reader :handle

    private

    # Begins a call of texts; the block reads the JSON that comes back.
    def begin_call(function, *texts, &read)
      views = texts.map { |text| Text.view(text) }
      reader = read ? ->(result) { read.call(Json.parse(Text.take(result))) } : ->(result) { Text.take(result) && nil }
      Future.start(core, self, serial, reader) do |id, place|
        Native.public_send(function, handle, *views, Callbacks::DONE, id, nil, place)
      end
    end

    # Numbers of the library.
    def count(function)
      core.check_fork
      found = Native::Counters.new
      found[:size] = Native::Counters.size
      Error.check(Native.public_send(function, handle, found))
      Counters.new(**Counters.members.to_h { |name| [name, found[name]] })
    end

    def given(function)
      core.check_fork
      Json.parse(Text.given { |place| Native.public_send(function, handle, place) })
    end

    # Options by keyword, or nil when there are none.
    def wire(options, names = {})
      options.empty? ? nil : Json.write(options.to_h { |name, value| [names[name] || camel(name), value] })
    end

    # `reasoning_effort` as `reasoningEffort`.
    def camel(name) = name.to_s.gsub(/_([a-z0-9])/) { Regexp.last_match(1).upcase }

    attr_reader :core, :serial
  end
end
