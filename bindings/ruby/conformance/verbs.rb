# frozen_string_literal: true

require "net/http"

module Conformance
  # The verbs of the cases. Each is a method of its name.
  class Verbs
    NOTHING = Object.new

    def initialize(world)
      @world = world
    end

    # Does a step; its result.
    def step(step)
      verb, given = step.first
      return public_send(:"flow_#{verb}", given) if respond_to?(:"flow_#{verb}")

      args = Matching.resolve(given, @world.names)
      raise StepFailed, "this runner does not know the verb #{verb}" unless respond_to?(:"do_#{verb}")

      result = public_send(:"do_#{verb}", args)
      result = nil if result.equal?(NOTHING)
      if args.key?("expect") && !Matching.matches?(args["expect"], result)
        raise StepFailed, "#{verb}: #{result.inspect} does not match #{args["expect"]}"
      end
      @world.names[args["as"]] = result if args.key?("as") && !result.nil?
      result
    end

    # -- clients

    def do_client(args)
      @world.make_client(args, args["as"] || "client")
      nil
    end

    def do_start(args)
      name = args["client"] || "client"
      (@world.clients[name] || @world.make_client(args, name)).start
      nil
    end

    def do_stop(args) = @world.client(args).stop

    def do_force_stop(args) = @world.client(args).force_stop

    def do_ping(args) = @world.client(args).ping(args["message"])

    def do_list_models(args) = @world.client(args).list_models

    def do_host(args) = @world.client(args).start_ahp_host(**args["options"].transform_keys(&:to_sym), authenticate: true)

    def do_invoke(args)
      limit = args["timeout_ms"] && (args["timeout_ms"] / 1000.0)
      @world.client(args).invoke(args["method"], args["params"], timeout: limit)
    end

    def do_kill_runtime(_args)
      Process.kill(:KILL, @world.runtime_pid)
      nil
    end

    def do_expect_no_process(args)
      World.till(args) do
        Process.kill(0, @world.runtime_pid)
        state = File.read("/proc/#{@world.runtime_pid}/stat")[/\) (.)/, 1]
        "process #{@world.runtime_pid} is gone" unless state == "Z"
      rescue Errno::ESRCH, Errno::ENOENT
        nil
      end
    end

    # -- sessions

    def do_create(args) = @world.open(args, false)

    def do_resume(args) = @world.open(args, true)

    def do_send(args) = @world.session(args).send(args["prompt"])

    def do_send_and_wait(args)
      limit = args["timeout_ms"] && (args["timeout_ms"] / 1000.0)
      key = args["idempotency_key"]
      @world.session(args).send_and_wait(args["prompt"], timeout: limit, **(key ? { idempotency_key: key } : {}))&.json
    end

    def do_abort(args) = @world.session(args).abort

    def do_disconnect(args) = @world.session(args).disconnect

    def do_listen_after_create(args)
      all = Array.new(args["count"]) do
        events = []
        session = @world.client(args).create_session
        session.on { |event| events << event }
        [session, events]
      end
      World.till(args) do
        "#{args["type"]} by all" unless all.all? { |_, events| events.any? { |event| event.type == args["type"] } }
      end
      all.each { |session, _| session.close }
      nil
    end

    def do_on(args)
      events = @world.kept[args["as"]] = []
      @world.subscriptions[args["as"]] = @world.session(args).on do |event|
        events << event
        raise "the handler failed" if args["throws"]
      end
      nil
    end

    def do_off(args)
      @world.named(@world.subscriptions, args["subscription"]).call
      nil
    end

    def do_iterate(args)
      events = @world.session(args).events
      @world.iterations[args["as"]] = Thread.new do
        last = ""
        events.each { |event| last = event.type }
        ["done", last]
      rescue CopilotNative::Error => e
        [e.kind, last]
      ensure
        events.close
      end
      nil
    end

    def do_iteration(args)
      found = @world.named(@world.iterations, args["name"]).value
      raise StepFailed, "it ended with #{found[0]} after #{found[1]}" if found != [args["ended"], args["last"]]
    end

    def do_get_events(args)
      events = @world.session(args).get_events
      gone = Matching.missing(args["expect_in_order"] || [], events.map(&:json))
      raise StepFailed, "#{gone} in #{types(events)}" if gone

      held = (args["absent"] || []) & types(events)
      raise StepFailed, "the history holds #{held}" unless held.empty?
    end

    def do_counters(args)
      World.till(args) do
        found = @world.session(args).counters
        enough = found.received >= (args["received_at_least"] || 0) && found.delivered >= (args["delivered_at_least"] || 0)
        enough ? nil : found.inspect
      end
    end

    # -- looking

    def do_expect_event(args)
      pattern = args.slice("type", "data")
      events = @world.events(args)
      if args["absent"]
        sleep 0.1
        raise StepFailed, "an event matches #{pattern}" if seen?(events, pattern)
      else
        World.till(args) { seen?(events, pattern) ? nil : "#{pattern} in #{types(events)}" }
      end
    end

    def do_expect_events_in_order(args)
      World.till(args) do
        gone = Matching.missing(args["events"], @world.events(args).dup.map(&:json))
        gone && "#{gone} in #{types(@world.events(args))}"
      end
    end

    def do_expect_sequence(args)
      numbers = lambda do
        found = @world.events(args).dup.select { |event| event.type == args["type"] }
        found.filter_map { |event| event["/data/#{args["field"]}"] }
      end
      World.till(args) { numbers.call.size >= args["count"] ? nil : "#{args["count"]} events" }
      found = numbers.call
      raise StepFailed, "not 0 to #{args["count"] - 1}: #{found.first(20)}" if found != (0...args["count"]).to_a
    end

    def do_expect_value(args)
      value = args["value"]
      raise StepFailed, "#{value} is not #{args["equals"]}" if args.key?("equals") && value != args["equals"]

      gone = Matching.missing(args["contains_in_order"] || [], value.is_a?(Array) ? value : [])
      raise StepFailed, "#{value} lacks #{gone}" if gone
    end

    def do_received(args)
      if args["count"]&.zero?
        sleep 0.2
        raise StepFailed, "received #{args}" if @world.frames.any? { |frame| fits?(args, frame) }
      else
        World.till(args) do
          found = @world.frames.count { |frame| fits?(args, frame) }
          right = args.key?("count") ? found == args["count"] : found.positive?
          right ? nil : "#{found} of #{args}"
        end
      end
    end

    def do_received_in_order(args)
      World.till(args) { Matching.missing(args["messages"], @world.frames) { |pattern, frame| fits?(pattern, frame) }&.to_s }
    end

    def do_model_received(args)
      url = URI("#{@world.names["modelUrl"].delete_suffix("/v1")}/_requests")
      World.till(args) do
        found = JSON.parse(Net::HTTP.get(url)).count { |request| JSON.generate(request).include?(args["contains"] || "") }
        right = args.key?("count") ? found == args["count"] : found.positive?
        right ? nil : "#{found} requests with #{args["contains"]}"
      end
    end

    # -- flow

    def do_sleep(args)
      sleep(args["ms"] / 1000.0)
      nil
    end

    def do_await(args) = @world.named(@world.begun, args["name"]).value

    def flow_begin(args)
      @world.begun[args["as"]] = launch(args["step"])
      nil
    end

    def flow_parallel(args)
      threads = args["steps"].map { |each| launch(each) }
      errors = threads.filter_map do |thread|
        thread.value && nil
      rescue StandardError => e
        e
      end
      raise errors.first unless errors.empty?
    end

    def flow_expect_error(args)
      error = begin
        step(args["step"])
        raise StepFailed, "no error from #{args["step"]}"
      rescue CopilotNative::Error => e
        e
      end
      kinds = Array(args["kind"])
      text = "#{error.message} #{error.data && JSON.generate(error.data)}"
      right = (kinds.empty? || kinds.include?(error.kind)) &&
              text.include?(args.key?("contains") ? Matching.resolve(args["contains"], @world.names) : "")
      raise StepFailed, "it failed with #{error.kind} (#{text}), wanted #{args}" unless right
      raise StepFailed, "the reason is #{error.reason}" if args.key?("reason") && args["reason"] != error.reason_code
    end

    private

    def launch(step) = Thread.new { step(step) }.tap { |thread| thread.report_on_exception = false }

    def types(events) = events.dup.map(&:type)

    def seen?(events, pattern) = events.dup.any? { |event| Matching.matches?(pattern, event.json) }

    def fits?(pattern, frame)
      params = frame["params"].is_a?(Hash) ? frame["params"] : {}
      Matching.matches?(pattern["method"], frame["method"]) &&
        (!pattern.key?("where") || Matching.matches?(pattern["where"], params))
    end
  end
end
