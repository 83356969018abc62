# frozen_string_literal: true

require "fileutils"
require "tmpdir"

module Conformance
  # A step that did not hold.
  class StepFailed < StandardError; end

  # One case while it runs: its peers, clients, sessions, kept events and stored values.
  class World
    attr_reader :real, :names, :clients, :sessions, :kept, :subscriptions, :begun, :iterations

    def initialize(test, real)
      @real = real
      @home = Dir.mktmpdir("conformance-")
      @record = File.join(@home, "recording.jsonl")
      @script = File.join(@home, "script.json")
      File.write(@script, JSON.generate(test["fake"] || {}))
      @peers = Peers.new
      @names = { "home" => @home }
      @clients = {}
      @sessions = {}
      @kept = {}
      @subscriptions = {}
      @begun = {}
      @iterations = {}
      start_model(test) if real
    end

    def close
      @clients.each_value do |client|
        begin
          client.force_stop
        rescue CopilotNative::Error
          # It is gone already.
          nil
        end
        client.close
      end
      @peers.close
      FileUtils.rm_rf(@home)
    end

    # -- what a case names

    def client(args) = named(@clients, args["client"] || "client")

    def session(args) = named(@sessions, args["session"] || "session")

    def events(args) = named(@kept, args["subscription"] || args["session"] || "session")

    def named(all, name)
      all.fetch(name) { raise StepFailed, "nothing is called #{name}" }
    end

    # -- recording

    def recording
      text = File.exist?(@record) ? File.read(@record) : ""
      text[0..(text.rindex("\n") || -1)].lines.map { |line| JSON.parse(line) }
    end

    # What this program sent.
    def frames = recording.select { |line| line["dir"] == "in" && line["frame"].key?("method") }.map { |line| line["frame"] }

    def runtime_pid
      start = recording.find { |line| line["dir"] == "start" } or raise StepFailed, "the recording names no process"
      start["pid"]
    end

    # -- clients and sessions

    def make_client(args, name)
      kind = args["connection"] || "stdio"
      options = { connection: connection(args, kind) }
      options[:base_directory] = @home if kind == "inprocess"
      env = ENV.to_h
      own_env = @real && kind != "uri"
      if @real
        env["COPILOT_HOME"] = File.join(@home, "copilot")
        options[:use_logged_in_user] = false
      end
      (args["options"] || {}).each do |option, value|
        case option
        when "env" then (own_env = true) && env.update(value)
        when "path" then nil
        else options[option.to_sym] = value
        end
      end
      options[:env] = env if own_env
      @clients[name] = CopilotNative::Client.new(**options) { |config| Canned.client(args, config, -> { @clients[name] }) }
    end

    def open(args, resume)
      name = args["as"] || "session"
      events = @kept[name] = []
      config = CopilotNative::SessionConfig.new(**(args["config"] || {}).transform_keys(&:to_sym))
      config.on_event { |event| events << event }
      Canned.session(args, config)
      session = resume ? client(args).resume_session(args["sessionId"], config) : client(args).create_session(config)
      @sessions[name] = session
      @names[name] = { "id" => session.id }
    end

    # Looks at once, then again until the time is over; the block gives what is wrong, or nil.
    def self.till(args)
      within = args["within_ms"] || 5000
      deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + (within / 1000.0)
      while (found = yield)
        raise StepFailed, "not seen within #{within} ms: #{found}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) >= deadline

        sleep 0.01
      end
    end

    private

    def start_model(test)
      model = File.join(@home, "model.json")
      File.write(model, JSON.generate(test["model"] || []))
      @names["modelUrl"] = @peers.start([ENV.fetch("COPILOT_SCRIPTED_MODEL"), "--script", model])
    end

    def arguments = @real ? [] : ["--script", @script, "--record", @record]

    def connection(args, kind)
      program = args.dig("options", "path") || ENV.fetch(@real ? "COPILOT_CLI_PATH" : "COPILOT_FAKE_RUNTIME")
      token = args["token"]
      case kind
      when "uri"
        url = args["url"] || "127.0.0.1:#{@peers.start([program, *arguments, "--port", "0"], args["serverToken"])}"
        CopilotNative::Connection.uri(url, connection_token: token)
      when "inprocess"
        # The library finds there which program plays the runtime.
        File.write(File.join(@home, "fake-runtime"), [program, *arguments].join("\n"))
        CopilotNative::Connection.inprocess(path: ENV.fetch("COPILOT_FAKE_LIBRARY"))
      when "tcp" then CopilotNative::Connection.tcp(path: program, args: arguments, connection_token: token)
      else CopilotNative::Connection.stdio(path: program, args: arguments)
      end
    end
  end
end
