# frozen_string_literal: true

module CopilotNative
  # A view of a JSON object: methods in `snake_case` for the members that are known, `view["wireName"]` for all. What is absent reads as
  # nil, and so does what has another type than it should. Nothing is lost: `json` has everything that came. Choices among objects read as
  # the class that their tag names.
  class View
    class << self
      # The names on the wire, by the names of the methods.
      def names = @names ||= {}

      def member(name, wire, type = nil)
        names[name] = wire
        holder = self
        if type.nil?
          define_method(name) { @json[wire] }
        else
          define_method(name) { View.read(type, @json[wire], holder) }
        end
      end

      # The member that tells the alternatives apart.
      def tag(wire) = @tag = wire

      def variant(value, type) = (@variants ||= {})[value] = type

      # The view of a JSON object; nil for anything else.
      def of(json)
        return nil unless json.is_a?(Hash)

        type = @tag && @variants && @variants[json[@tag].to_s]
        type ? View.resolve(type, self).of(json) : new(json)
      end

      # A value to be given to a method, from members by keyword.
      def build(**members) = new(members.to_h { |name, value| [names[name] || name.to_s, Json.tree(value)] })

      # The class of a name: a Symbol stands for one beside `holder`.
      def resolve(type, holder = nil)
        case type
        when Symbol then CopilotNative.const_get(holder.name.split("::")[1]).const_get(type)
        else type.split("::").inject(CopilotNative) { |at, name| at.const_get(name) }
        end
      end

      # A value as its type says.
      def read(type, value, holder = nil)
        case type
        when nil then value
        when Array then value.is_a?(Array) ? value.map { |item| read(type[0], item, holder) } : nil
        when Hash then value.is_a?(Hash) ? value.transform_values { |item| read(type[:of], item, holder) } : nil
        else
          found = resolve(type, holder)
          found.is_a?(Class) && found <= View && value.is_a?(Hash) ? found.of(value) : value
        end
      end
    end

    # The object as it came. Do not change it.
    attr_reader :json

    def initialize(json)
      @json = json
    end

    # A member by its name on the wire.
    def [](wire) = @json[wire.to_s]

    def dig(*path) = @json.dig(*path)

    def to_h = @json

    def to_json(*args) = @json.to_json(*args)

    def ==(other) = other.is_a?(View) && other.json == @json

    alias eql? ==

    def hash = @json.hash

    def inspect = "#<#{self.class.name} #{@json.inspect}>"
  end

  # Methods of a client or a session by name.
  class Namespace
    def initialize(caller)
      @caller = caller
    end

    def inspect = "#<#{self.class.name}>"

    private

    def call(method, params, given = nil, result = nil)
      names = given ? View.resolve(given) : nil
      names = names.respond_to?(:names) ? names.names : {}
      members = params.to_h { |name, value| [names[name] || name.to_s, value] }
      @caller.__send__(:invoke_and_read, method, members.empty? ? nil : members) { |json| View.read(result, json) }
    end

    def finish(&) = Future.await(&)
  end

  autoload :RpcTypes, File.join(__dir__, "generated/rpc_types")
  autoload :EventTypes, File.join(__dir__, "generated/event_types")
  autoload :ServerRpc, File.join(__dir__, "generated/server_rpc")
  autoload :SessionRpc, File.join(__dir__, "generated/session_rpc")
  autoload :Methods, File.join(__dir__, "generated/methods")
  autoload :Reason, File.join(__dir__, "generated/reasons")
end
