package io.github.copilotnative;

import com.sun.jna.Pointer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What the library holds of this program: each registration by a number, which the library passes back as user data. */
final class Registry {
    private static final ConcurrentHashMap<Long, Entry> ENTRIES = new ConcurrentHashMap<>();
    private static final AtomicLong NEXT = new AtomicLong(1);

    /** Something that is registered. */
    interface Entry {
        /** The library lets go of it. */
        default void destroyed() {}
    }

    private Registry() {}

    /** Keeps an entry until the library destroys it. */
    static Pointer keep(Entry entry) {
        long id = NEXT.getAndIncrement();
        ENTRIES.put(id, entry);
        return new Pointer(id);
    }

    static <T extends Entry> T find(Pointer userData, Class<T> type) {
        return type.cast(ENTRIES.get(Pointer.nativeValue(userData)));
    }

    static void destroy(Pointer userData) {
        Entry entry = ENTRIES.remove(Pointer.nativeValue(userData));
        if (entry != null) {
            entry.destroyed();
        }
    }

    /** How many entries there are. */
    static int size() {
        return ENTRIES.size();
    }
}
