# frozen_string_literal: true

# The plan of README.md through the Ruby gem.

require "copilot_native"
require "json"

include CopilotNative

LIMIT = 60.0
NOTHING = { step: "", kind: "", message: "", force: "" }.freeze

def plan(name) = ENV.fetch("FAULTS_#{name}", "")

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def new_client
  members = { path: plan("RUNTIME") }
  options = { use_logged_in_user: false, connection: Connection.public_send(plan("CONNECTION"), **members) }
  more = JSON.parse(plan("OPTIONS").empty? ? "{}" : plan("OPTIONS"))
  options[:session_fs] = more["sessionFs"] if more.key?("sessionFs")
  options[:base_directory] = plan("HOME") unless plan("HOME").empty?
  Client.new(**options)
end

def new_session(client, &answer)
  options = JSON.parse(plan("SESSION"), symbolize_names: true)
  client.create_session(**options) do |config|
    config.tool("probe", description: "Answers ok", parameters: { type: "object", properties: {} }, &answer)
    config.on_permission { Permission.approve_once }
  end
end

def answer
  puts "tool"
  sleep if plan("TOOL") == "wait"
  "ok"
end

# Start, session, turn and stop; the first that fails is told, and the client stopped by force.
def turn
  client = new_client
  session = nil
  steps = {
    "start" => -> { client.start_async },
    "create" => lambda {
      options = JSON.parse(plan("SESSION"), symbolize_names: true)
      opened = lambda do |config|
        config.tool("probe", description: "Answers ok", parameters: { type: "object", properties: {} }) { answer }
        config.on_permission { Permission.approve_once }
      end
      next client.create_session_async(**options, &opened) if plan("RESUME").empty?

      client.resume_session_async(plan("RESUME"), **options, &opened)
    },
    "turn" => -> { session.send_and_wait_async("go", **(plan("KEY").empty? ? {} : { idempotency_key: plan("KEY") })) },
    "stop" => -> { client.stop_async }
  }
  steps.each do |name, step|
    value = Future.await(timeout: plan("HANGS") == name ? plan("LIMIT").to_f / 1000 : LIMIT, &step)
    session = value if name == "create"
  rescue Error => e
    result = { step: name, kind: e.kind, message: e.message, force: "" }
    begin
      Future.await(timeout: LIMIT) { client.force_stop_async }
    rescue Error => again
      result[:force] = "#{again.kind}: #{again.message}"
    end
    client.close
    return result
  end
  client.close
  NOTHING
end

# Waits until the driver has looked at this process.
def mark
  GC.start
  puts "mark"
  $stdin.gets
end

def cycles
  warm = plan("WARM").to_i
  plan("COUNT").to_i.times do |cycle|
    mark if cycle == warm
    client = new_client
    new_session(client) { "ok" }.send_and_wait("go", timeout: LIMIT)
    client.stop
    client.close
  end
  mark
  NOTHING
end

# The child is refused and ends; the parent goes on.
def fork_and_go_on
  client = new_client
  client.start
  session = new_session(client) { "ok" }
  child = fork do
    client.ping("x")
    exit!(1)
  rescue Error => e
    exit!(e.kind == "Forked" ? 0 : 2)
  end
  Process.wait(child)
  code = $?.exitstatus
  session.send_and_wait("go", timeout: LIMIT)
  client.stop
  client.close
  code == 0 ? NOTHING : { step: "child", kind: "exit #{code}", message: "", force: "" }
end

$sample = { micros: [], failed: 0 }

def timed
  start = now
  yield
  $sample[:micros] << ((now - start) * 1e6).round
rescue Error => e
  $sample[:failed] += 1
  warn e.full_message
ensure
  sleep 0.01
end

def end_round(client, session, number)
  return client.stop if number % 3 == 0

  if number % 3 == 2
    begin
      session.send_and_wait("die", timeout: LIMIT)
      $sample[:failed] += 1
    rescue Error => e
      $sample[:failed] += 1 unless %w[ProcessExited SessionClosed].include?(e.kind)
    end
  end
  client.force_stop
end

# One round of conversations; every third ends politely, by force, by a runtime that dies in a turn.
def round(number)
  client = new_client
  timed { client.start }
  session = new_session(client) { "ok" }
  20.times do |turn|
    timed { session.send_and_wait(turn % 5 == 4 ? "tool" : "hello", timeout: LIMIT) }
    next unless turn % 7 == 6

    session.send("long")
    session.abort
    session.disconnect
    session = new_session(client) { "ok" }
  end
  end_round(client, session, number)
  client.close
end

def soak
  stop_at = now + plan("SECONDS").to_f
  told = now
  number = 0
  while now < stop_at
    number % 5 == 4 ? Thread.new { round(number) }.join : round(number)
    number += 1
    next if now - told < plan("INTERVAL").to_f

    puts JSON.generate($sample)
    $sample = { micros: [], failed: 0 }
    told = now
  end
  NOTHING
end

$stdout.sync = true
modes = { "turn" => :turn, "cycles" => :cycles, "fork" => :fork_and_go_on, "soak" => :soak }
puts JSON.generate(send(modes.fetch(plan("MODE"))))
