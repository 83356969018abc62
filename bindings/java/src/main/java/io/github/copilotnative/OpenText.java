package io.github.copilotnative;

/** A text of which some values have names here. Values that a newer runtime knows are kept as they are. */
public abstract class OpenText {
    private final String text;

    /** A value; the known ones are constants of the class. */
    protected OpenText(String text) {
        this.text = text;
    }

    /** The text on the wire. */
    public final String text() {
        return text;
    }

    @Override
    public final boolean equals(Object other) {
        return other != null && other.getClass() == getClass() && ((OpenText) other).text.equals(text);
    }

    @Override
    public final int hashCode() {
        return text.hashCode();
    }

    /** The text on the wire. */
    @Override
    public final String toString() {
        return text;
    }
}
