package io.github.copilotnative;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.ByteArrayOutputStream;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/** Text on its way to the library and back. */
final class Text {
    private Text() {}

    /** A view of the text; null is no text. Its memory lives as long as the view. */
    static Lib.Str of(String text) {
        return text == null ? new Lib.Str() : of(encode(text));
    }

    /** A view of bytes; null is none. */
    static Lib.Str of(byte[] bytes) {
        Lib.Str view = new Lib.Str();
        if (bytes != null) {
            Memory memory = new Memory(bytes.length + 1L);
            memory.write(0, bytes, 0, bytes.length);
            memory.setByte(bytes.length, (byte) 0);
            view.data = memory;
            view.len = new Lib.SizeT(bytes.length);
        }
        return view;
    }

    /** UTF-8, but half a surrogate pair stays visible, so that the library refuses it instead of getting a question mark. */
    static byte[] encode(String text) {
        byte[] plain = text.getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (Character.isHighSurrogate(c) && at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))) {
                at++;
            } else if (Character.isSurrogate(c)) {
                return encodeHalves(text);
            }
        }
        return plain;
    }

    private static byte[] encodeHalves(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        text.codePoints().forEach(point -> {
            if (point >= 0xD800 && point <= 0xDFFF) {
                out.write(0xED);
                out.write(0x80 | point >> 6 & 0x3F);
                out.write(0x80 | point & 0x3F);
            } else {
                out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
            }
        });
        return out.toByteArray();
    }

    static String read(Pointer data, long length) {
        byte[] bytes = bytes(data, length);
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    static byte[] bytes(Pointer data, long length) {
        return data == null ? null : data.getByteArray(0, Math.toIntExact(length));
    }

    /** The view that stands at an offset of a structure; null when absent. */
    static byte[] bytesAt(Pointer structure, int offset) {
        Pointer data = structure.getPointer(offset);
        long length = Native.SIZE_T_SIZE == 8
            ? structure.getLong(offset + Native.POINTER_SIZE)
            : structure.getInt(offset + Native.POINTER_SIZE) & 0xFFFFFFFFL;
        return bytes(data, length);
    }

    static String at(Pointer structure, int offset) {
        byte[] bytes = bytesAt(structure, offset);
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    /** A text that ends at its NUL. */
    static String ofC(Pointer text) {
        return text == null ? null : text.getString(0, "UTF-8");
    }

    /** Reads and frees a {@code copilot_string}. */
    static String take(Pointer string) {
        if (string == null) {
            return null;
        }
        try {
            return read(Lib.copilot_string_data(string), Lib.copilot_string_len(string).longValue());
        } finally {
            Lib.copilot_string_free(string);
        }
    }

    /** Keeps views and the memory behind them until here. */
    static void keep(Object... views) {
        for (Object view : views) {
            Reference.reachabilityFence(view);
        }
    }
}
