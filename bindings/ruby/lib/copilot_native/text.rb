# frozen_string_literal: true

module CopilotNative
  # Texts on their way in and out.
  module Text
    module_function

    # The bytes of a text as UTF-8. What is no valid text is refused by the library.
    def bytes(text)
      text = text.to_s if text.is_a?(Symbol)
      raise Error::InvalidType, "#{text.class} is no text" unless text.is_a?(String)

      case text.encoding
      when Encoding::UTF_8, Encoding::US_ASCII, Encoding::BINARY then text
      else text.encode(Encoding::UTF_8)
      end
    rescue EncodingError => e
      raise Error::BadText, e.message
    end

    # A view for an argument, which keeps its bytes alive; nil gives no text.
    def view(text)
      str = Native::Str.new
      str.instance_variable_set(:@memory, fill(str, text))
      str
    end

    # Writes into a view; gives what must be kept until the call is over.
    def fill(str, text)
      return nil if text.nil?

      given = bytes(text)
      memory = FFI::MemoryPointer.new(:char, [given.bytesize, 1].max)
      memory.put_bytes(0, given)
      str[:data] = memory
      str[:len] = given.bytesize
      memory
    end

    # The text of a borrowed view, copied; nil when it is absent.
    def of(str)
      data = str[:data]
      data.null? ? nil : data.read_bytes(str[:len]).force_encoding(Encoding::UTF_8)
    end

    # The text of a C string, copied; nil for NULL.
    def of_c(pointer)
      pointer.null? ? nil : pointer.read_string.force_encoding(Encoding::UTF_8)
    end

    # The text of a `copilot_string`, which is freed.
    def take(handle)
      data = Native.string_data(handle)
      data.null? ? nil : data.read_bytes(Native.string_len(handle)).force_encoding(Encoding::UTF_8)
    ensure
      Native.string_free(handle)
    end

    # The text that a function writes to its last argument.
    def given
      place = FFI::MemoryPointer.new(:size_t)
      Native.undisturbed do
        Error.check(yield(place))
        take(place.get(:size_t, 0))
      end
    end
  end
end
