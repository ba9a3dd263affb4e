import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowHttpException;

/** The assertions of the story, each a JSON line in $CLIENT_RESULTS, as story.py writes them. */
final class Report implements AutoCloseable {
  private final PrintWriter results;

  Report(Path file) throws IOException {
    results = new PrintWriter(file.toFile(), "UTF-8");
  }

  /** Something that returns nothing, or throws. */
  interface Call {
    void run() throws Exception;
  }

  void equal(String name, Callable<?> got, Object wanted) {
    try {
      Object value = got.call();
      boolean same = Objects.equals(value, wanted);
      write(name, same ? "" : "got " + value + ", wanted " + wanted);
    } catch (Exception e) {
      write(name, e.toString());
    }
  }

  /** Refused in words, by the proxy or (where the client runs MLflow's command line) with its words. */
  void refused(String name, Call call, String... says) {
    try {
      call.run();
      write(name, "was allowed");
    } catch (MlflowHttpException e) {
      boolean status = List.of(401, 403, 404).contains(e.getStatusCode());
      write(name, status ? problem(e.getBodyMessage(), says) : "status " + e.getStatusCode() + ": " + e.getBodyMessage());
    } catch (MlflowClientException e) {
      write(name, problem(e.getMessage(), says));
    } catch (Exception e) {
      write(name, "not a refusal: " + e);
    }
  }

  /** Other environments' rows are not in what is found. */
  void findsNothing(String name, Callable<List<?>> search) {
    equal(name, () -> search.call().size(), 0);
  }

  private static String problem(String message, String... says) {
    boolean coded = List.of("PERMISSION_DENIED", "RESOURCE_DOES_NOT_EXIST", "CUSTOMER_UNAUTHORIZED").stream().anyMatch(message::contains);
    if (!coded) return "without an error code: " + message;
    for (String word : says) if (!message.contains(word)) return "does not say " + word + ": " + message;
    return "";
  }

  void write(String name, String problem) {
    String state = problem.isEmpty() ? "passed" : "failed";
    results.println("{\"name\":" + quote(name) + ",\"state\":\"" + state + "\",\"note\":" + quote(problem) + "}");
    results.flush();
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("[\\x00-\\x1f]", " ") + '"';
  }

  @Override
  public void close() {
    results.close();
  }
}
