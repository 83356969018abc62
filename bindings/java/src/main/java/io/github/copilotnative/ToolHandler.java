package io.github.copilotnative;

/**
 * Runs a tool. It may take its time, as every {@link CallHandler}. What it gives is the tool's result: a text, an
 * {@link Answers.ToolResult}, any value with a JSON form, which the model reads as JSON text, null for no result, or a
 * {@link java.util.concurrent.CompletionStage} of one of these.
 *
 * @param <T> the arguments
 */
@FunctionalInterface
public interface ToolHandler<T> {
    /** Runs the tool; what it throws is told to the model as the tool's error. */
    Object run(T arguments, Call call) throws Exception;
}
