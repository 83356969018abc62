package io.github.copilotnative.conformance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The processes beside a case. */
final class Peers implements AutoCloseable {
    private final List<Process> processes = new ArrayList<>();

    static String variable(String name) {
        String value = System.getenv(name);
        return value == null ? "" : value;
    }

    /** Starts a program that prints a line about where it listens; the last word of that line. */
    synchronized String start(List<String> command, String token) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        if (token != null) {
            builder.environment().put("COPILOT_CONNECTION_TOKEN", token);
        }
        Process process = builder.start();
        processes.add(process);
        BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = String.valueOf(lines.readLine());
        return line.substring(line.lastIndexOf(' ') + 1);
    }

    @Override
    public synchronized void close() {
        processes.forEach(Process::destroyForcibly);
    }

    static void removeAll(Path folder) {
        try (Stream<Path> found = Files.walk(folder)) {
            found.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        } catch (IOException gone) {
            // Somebody else removes it at the same time.
        }
    }
}
