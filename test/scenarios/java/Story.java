import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.FileInfo;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.RunsPage;

/** What a program with MLflow's Java client does in its own environment; `upstream` looks behind the proxy. */
final class Story {
  private static final long BIG = 9007199254740993L;
  private final Report report;
  private final MlflowClient client;
  private final MlflowClient upstream;

  Story(Report report, MlflowClient client, MlflowClient upstream) {
    this.report = report;
    this.client = client;
    this.upstream = upstream;
  }

  /** The id of the run that it leaves. */
  String track() throws Exception {
    String experiment = client.createExperiment("java-before");
    client.renameExperiment(experiment, "java");
    client.setExperimentTag(experiment, "team", "größe ☃");
    report.equal("the experiment's name", () -> client.getExperiment(experiment).getName(), "java");
    report.equal("by its name", () -> client.getExperimentByName("java").map(Experiment::getExperimentId).orElse(""), experiment);
    report.equal("an absent one", () -> client.getExperimentByName("absent").isPresent(), false);
    report.equal("its name upstream", () -> upstream.getExperiment(experiment).getName(), "/experiments/acc/java");
    report.equal("the search", () -> names(client.searchExperiments("name LIKE 'jav%'").getItems()), List.of("java"));
    report.equal("upstream names in a search", () -> names(client.searchExperiments().getItems()).toString().contains("/"), false);
    String run = client.createRun(experiment).getRunId();
    client.logParam(run, "depth", "7");
    client.logMetric(run, "auc", 0.5, 1700000000123L, BIG);
    client.logMetric(run, "auc", Double.NaN, 1700000000124L, BIG + 1);
    client.logMetric(run, "high", Double.POSITIVE_INFINITY);
    Metric loss = Metric.newBuilder().setKey("loss").setValue(-1e-300).setTimestamp(1700000000125L).setStep(-3).build();
    Param rate = Param.newBuilder().setKey("rate").setValue("0.1").build();
    client.logBatch(run, List.of(loss), List.of(rate), List.of(RunTag.newBuilder().setKey("gone").setValue("x").build()));
    client.deleteTag(run, "gone");
    client.setTerminated(run);
    readBack(experiment, run);
    pages(experiment, run);
    fluent(experiment, run);
    return run;
  }

  private void readBack(String experiment, String run) {
    Run got = client.getRun(run);
    report.equal("the run's experiment", () -> got.getInfo().getExperimentId(), experiment);
    report.equal("its status", () -> got.getInfo().getStatus().toString(), "FINISHED");
    report.equal("its parameters", () -> got.getData().getParamsList().stream().map(Param::getValue).sorted().collect(Collectors.toList()), List.of("0.1", "7"));
    report.equal("a deleted tag", () -> got.getData().getTagsList().stream().anyMatch(tag -> tag.getKey().equals("gone")), false);
    List<Metric> history = client.getMetricHistory(run, "auc");
    report.equal("a step beyond 2^53", () -> history.get(0).getStep(), BIG);
    report.equal("NaN", () -> Double.isNaN(history.get(1).getValue()), true);
    // SQL stores hold the largest double in its place, with or without a proxy.
    report.equal("Infinity", () -> client.getMetricHistory(run, "high").get(0).getValue(), upstream.getMetricHistory(run, "high").get(0).getValue());
    report.equal("a small number", () -> client.getMetricHistory(run, "loss").get(0).getValue(), -1e-300);
    client.deleteRun(run);
    report.equal("a deleted run", () -> client.listRunInfos(experiment).size(), 0);
    client.restoreRun(run);
    client.deleteExperiment(experiment);
    report.equal("a deleted experiment", () -> client.getExperiment(experiment).getLifecycleStage(), "deleted");
    client.restoreExperiment(experiment);
    report.equal("a restored one", () -> client.getRun(run).getInfo().getLifecycleStage(), "active");
  }

  private void pages(String experiment, String run) {
    String second = client.createRun(experiment).getRunId();
    List<String> ids = List.of(experiment);
    report.equal("a search by parameter", () -> client.searchRuns(ids, "params.depth = '7'", ViewType.ALL).get(0).getRunId(), run);
    RunsPage first = client.searchRuns(ids, "", ViewType.ACTIVE_ONLY, 1, List.of("attributes.start_time ASC"));
    report.equal("the first page", () -> first.getItems().get(0).getInfo().getRunId(), run);
    report.equal("the next page", () -> first.getNextPage().getItems().iterator().next().getInfo().getRunId(), second);
    String lone = client.createRun().getRunId();
    String defaultExperiment = client.getRun(lone).getInfo().getExperimentId();
    report.equal("the default experiment upstream", () -> upstream.getRun(lone).getInfo().getExperimentId().equals("0"), false);
    report.equal("its name", () -> client.getExperiment(defaultExperiment).getName(), "Default");
    report.equal("by the id 0", () -> client.listRunInfos("0").get(0).getRunId(), lone);
  }

  private void fluent(String experiment, String parent) {
    MlflowContext context = new MlflowContext(client).setExperimentName("java");
    report.equal("the context's experiment", context::getExperimentId, experiment);
    ActiveRun child = context.startRun("child", parent);
    child.logMetric("auc", 0.9);
    child.endRun();
    report.equal("the fluent run", () -> client.searchRuns(List.of(experiment), "tags.mlflow.parentRunId = '" + parent + "'", ViewType.ALL).get(0).getRunId(), child.getId());
  }

  /** The name of the model that it leaves. */
  String register(String run) {
    String source = client.getRun(run).getInfo().getArtifactUri() + "/model";
    client.sendPost("registered-models/create", "{\"name\":\"java\"}");
    String made = client.sendPost("model-versions/create", "{\"name\":\"java\",\"source\":\"" + source + "\",\"run_id\":\"" + run + "\"}");
    report.equal("the registration's answer", () -> made.contains("\"java\"") && made.contains("\"Staging\"") && !made.contains("java_acc"), true);
    report.equal("the version", () -> client.getModelVersion("java", "1").getCurrentStage(), "Staging");
    report.equal("the model", () -> client.getRegisteredModel("java").getLatestVersions(0).getName(), "java");
    report.equal("the latest versions", () -> client.getLatestVersions("java").stream().map(ModelVersion::getVersion).collect(Collectors.toList()), List.of("1"));
    report.equal("by stage", () -> client.getLatestVersions("java", List.of("Staging")).size(), 1);
    report.equal("versions that match", () -> client.searchModelVersions("name='java'").getItems().get(0).getName(), "java");
    report.equal("the download URI", () -> client.getModelVersionDownloadUri("java", "1"), source);
    report.equal("the model's name upstream", () -> upstream.getRegisteredModel("java_acc").getName(), "java_acc");
    String transition = "{\"name\":\"java\",\"version\":\"1\",\"stage\":\"%s\"}";
    report.refused("Production", () -> client.sendPost("model-versions/transition-stage", String.format(transition, "Production")), "Production");
    return "java";
  }

  /** Artifacts go through MLflow's command line, which the client starts with its own address and token. */
  void keepFiles(String run, String model, Path folder) throws Exception {
    Path model1 = Files.createDirectories(folder.resolve("model"));
    Files.writeString(model1.resolve("MLmodel"), "flavors: {}");
    client.logArtifacts(run, model1.toFile(), "model");
    report.equal("the artifacts", () -> client.listArtifacts(run, "model").stream().map(FileInfo::getPath).collect(Collectors.toList()), List.of("model/MLmodel"));
    report.equal("an artifact", () -> Files.readString(client.downloadArtifacts(run, "model/MLmodel").toPath()), "flavors: {}");
    report.equal("a version's artifacts", () -> Files.readString(client.downloadLatestModelVersion(model, "Staging").toPath().resolve("MLmodel")), "flavors: {}");
  }

  private static List<String> names(List<Experiment> experiments) {
    return experiments.stream().map(Experiment::getName).collect(Collectors.toList());
  }
}
