# frozen_string_literal: true

require "json"

module CopilotNative
  # JSON as Hash, Array, String, numbers, true, false and nil. Names are Strings, spelled as on the wire.
  module Json
    module_function

    def parse(text) = JSON.parse(text, max_nesting: false, create_additions: false)

    def parse_or_nil(text)
      text && parse(text)
    rescue JSON::ParserError
      nil
    end

    # JSON text of a value; bad values give an error of the kinds that the engine has for them.
    def write(value)
      JSON.generate(tree(value), max_nesting: 0)
    rescue JSON::GeneratorError, EncodingError => e
      raise Error::BadText, "what is given is no JSON: #{e.message}"
    end

    def write_or_nil(value) = value.nil? ? nil : write(value)

    # The value with plain parts only. Symbols become texts.
    def tree(value)
      case value
      when nil, true, false, Integer, String then value
      when Symbol then value.to_s
      when Float
        raise Error::InvalidArgument, "#{value} has no form in JSON" unless value.finite?

        value
      when Hash then value.to_h { |name, item| [name.to_s, tree(item)] }
      when Array then value.map { |item| tree(item) }
      when View, Event then value.json
      when Struct then tree(value.to_h)
      else raise Error::InvalidType, "#{value.class} has no form in JSON: give a Hash, an Array, a text or a number"
      end
    end

    # A member of what the runtime answered, nil when it is absent; an answer that is no object is an error.
    def member(answer, name)
      return answer[name] if answer.is_a?(Hash)

      raise Error::Protocol, "the runtime's answer is no object, so it has no #{name}"
    end

    # The same for a list, whose items are objects.
    def objects(answer, name)
      items = member(answer, name)
      return items if items.is_a?(Array) && items.all?(Hash)

      raise Error::Protocol, "the runtime's answer has no list of objects called #{name}"
    end

    # The value at a JSON pointer; nil when there is none.
    def at(value, pointer)
      pointer.split("/").drop(1).each do |step|
        step = step.gsub("~1", "/").gsub("~0", "~")
        value = case value
                when Hash then value[step]
                when Array then step.match?(/\A\d+\z/) ? value[step.to_i] : nil
                end
        return nil if value.nil?
      end
      value
    end
  end
end
