import java.nio.file.Path;
import org.mlflow.tracking.MlflowClient;

/** MLflow's Java client through the proxy. It sends no token of its own accord: a program gives it one with its credentials. */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    String uri = System.getenv("MLFLOW_TRACKING_URI");
    // Callers behind agents or sidecars of their own each have an address, and no token that counts.
    String prodUri = System.getenv("PROD_TRACKING_URI");
    Path home = Path.of(System.getenv("HOME"));
    Caller acc = new Caller(uri + "/env/acc", "not-a-token");
    try (Report report = new Report(Path.of(System.getenv("CLIENT_RESULTS")));
        MlflowClient client = new MlflowClient(acc);
        MlflowClient prod = new MlflowClient(new Caller(prodUri == null ? uri : prodUri, System.getenv("TOKEN_PROD")));
        MlflowClient upstream = new MlflowClient(System.getenv("UPSTREAM_URI"));
        MlflowClient nobody = new MlflowClient()) {
      if (prodUri == null) {
        report.refused("no token", () -> nobody.searchExperiments(), "MLFLOW_TRACKING_TOKEN");
        report.refused("what is no token", () -> client.searchExperiments());
      } else {
        report.equal("no token is needed", () -> nobody.searchExperiments().getItems().isEmpty(), false);
        report.equal("any token will do", () -> client.searchExperiments().getItems().isEmpty(), false);
      }
      acc.setToken(System.getenv("TOKEN_ACC"));
      Story story = new Story(report, client, upstream);
      String run = story.track();
      String model = story.register(run);
      story.keepFiles(run, model, home);
      new Isolation(report, prod, upstream).hold(client, home.resolve("model/MLmodel").toFile());
    }
  }
}
