# frozen_string_literal: true

# Runs the conformance cases through the gem: `ruby run.rb [NAME…]`. The peers are named by COPILOT_FAKE_RUNTIME, COPILOT_FAKE_LIBRARY,
# COPILOT_SCRIPTED_MODEL and COPILOT_CLI_PATH; CONFORMANCE_LEVEL and CONFORMANCE_RUNTIME choose.

require "json"
$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))
require "copilot_native"
require_relative "matching"
require_relative "peers"
require_relative "canned"
require_relative "world"
require_relative "verbs"

module Conformance
  # Runs cases and writes a line for each.
  class Runner
    LIMIT_SECONDS = 60
    FOLDER = File.expand_path("../../../tests/conformance", __dir__)

    def initialize(names)
      @names = names
      @lacking = JSON.parse(File.read(File.join(FOLDER, "surfaces.json")))["ruby"] || {}
      file = ENV["CONFORMANCE_REPORT"].to_s
      @report = file.empty? ? nil : File.open(file, "w")
      @counts = Hash.new(0)
    end

    # Whether all passed.
    def run
      Dir[File.join(FOLDER, "cases", "*.json")].sort.each do |path|
        test = JSON.parse(File.read(path))
        run_case(test) if @names.empty? ? level?(test) : @names.include?(test["name"])
      end
      puts "conformance ruby: #{@counts["pass"]} passed, #{@counts["fail"]} failed, #{@counts["skip"]} skipped"
      @counts["fail"].zero? && @counts["pass"].positive?
    ensure
      @report&.close
    end

    private

    def level?(test)
      level = ENV["CONFORMANCE_LEVEL"].to_s
      level.empty? || level == "all" || test["levels"].include?(level)
    end

    def run_case(test)
      missing = (test["features"] || []).select { |feature| @lacking.key?(feature) }
      only = ENV["CONFORMANCE_RUNTIME"].to_s
      test["runtime"].each do |runtime|
        next unless ["", "all", runtime].include?(only)

        real = runtime == "real"
        name = test["name"] + (real && test["runtime"].size > 1 ? "@real" : "")
        begun = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        status, reason =
          if !missing.empty? then ["skip", "needs #{missing.join(", ")}"]
          elsif real && ENV["COPILOT_CLI_PATH"].to_s.empty? then ["skip", "no COPILOT_CLI_PATH"]
          else
            wrong = limited(test, real)
            [wrong ? "fail" : "pass", wrong.to_s]
          end
        note(name, status, reason[0, 700], Process.clock_gettime(Process::CLOCK_MONOTONIC) - begun)
      end
    end

    def note(name, status, reason, seconds)
      @counts[status] += 1
      puts format("%<status>s %<name>s (%<seconds>.2f s) %<reason>s", status: status, name: name, seconds: seconds, reason: reason)
      return unless @report

      @report.puts(JSON.generate(surface: "ruby", case: name, status: status, reason: reason))
      @report.flush
    end

    # What was wrong with a case, or nil.
    def limited(test, real)
      thread = Thread.new { one(test, real) }
      thread.report_on_exception = false
      return thread.value if thread.join(LIMIT_SECONDS)

      where = thread.backtrace.to_a.first(8).join(" ")
      thread.kill
      "took over #{LIMIT_SECONDS} s at #{where}"
    rescue StandardError => e
      e.full_message(highlight: false)
    end

    def one(test, real)
      world = World.new(test, real)
      verbs = Verbs.new(world)
      test["steps"].each.with_index(1) do |step, number|
        verbs.step(step)
      rescue CopilotNative::Error => e
        return "step #{number}: #{e.kind} #{e.message}"
      rescue StepFailed => e
        return "step #{number}: #{e.message}"
      end
      failure = test["allow_failures"] ? nil : world.recording.find { |line| line["dir"] == "failure" }
      failure && "the fake runtime: #{failure["text"]}"
    ensure
      world&.close
    end
  end
end

# Handlers that raise on purpose would fill the output.
CopilotNative.on_failure = ->(_problem, _where) {}
$stdout.sync = true
exit(Conformance::Runner.new(ARGV).run)
