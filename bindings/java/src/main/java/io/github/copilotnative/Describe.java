package io.github.copilotnative;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Says what a component of a record, or a record, means: it becomes the description in the JSON Schema that the model reads. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.RECORD_COMPONENT, ElementType.TYPE})
public @interface Describe {
    /** The words for the model. */
    String value() default "";

    /** Whether the component may be left out, and is null then. */
    boolean optional() default false;
}
