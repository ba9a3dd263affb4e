import java.io.File;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;

/** Every method of the client that takes an id or a name, with those of another environment. */
final class Isolation {
  private final Report report;
  private final MlflowClient upstream;
  private final String experiment;
  private final String run;

  /** `owner` is a caller in prod. */
  Isolation(Report report, MlflowClient owner, MlflowClient upstream) {
    this.report = report;
    this.upstream = upstream;
    experiment = owner.createExperiment("secret");
    run = owner.createRun(experiment).getRunId();
    owner.logParam(run, "hush", "s3cret");
    owner.logMetric(run, "hush", 1);
    owner.setTag(run, "hush", "s3cret");
    owner.sendPost("registered-models/create", "{\"name\":\"secret\"}");
    String source = owner.getRun(run).getInfo().getArtifactUri();
    owner.sendPost("model-versions/create", "{\"name\":\"secret\",\"source\":\"" + source + "\",\"run_id\":\"" + run + "\"}");
  }

  void hold(MlflowClient client, File file) {
    String before = state();
    refusedByRun(client).forEach((name, call) -> report.refused(name + " of another environment's run", call));
    refusedByExperiment(client).forEach((name, call) -> report.refused(name + " of another environment's experiment", call));
    refusedByModel(client).forEach((name, call) -> report.refused(name + " of another environment's model", call));
    refusedArtifacts(client, file).forEach((name, call) -> report.refused(name + " of another environment's run", call));
    List<String> ids = List.of(experiment);
    report.findsNothing("searchRuns there", () -> client.searchRuns(ids, "", ViewType.ALL, 10).getItems());
    report.findsNothing("listRunInfos there", () -> client.listRunInfos(experiment));
    report.findsNothing("searchExperiments there", () -> client.searchExperiments("name LIKE '%secret%'").getItems());
    report.findsNothing("searchModelVersions by name", () -> client.searchModelVersions("name = 'secret_prod'").getItems());
    report.findsNothing("searchModelVersions by run", () -> client.searchModelVersions("run_id = '" + run + "'").getItems());
    report.equal("prod's things are as they were", this::state, before);
  }

  private Map<String, Report.Call> refusedByRun(MlflowClient client) {
    Map<String, Report.Call> calls = new LinkedHashMap<>();
    calls.put("getRun", () -> client.getRun(run));
    calls.put("getMetricHistory", () -> client.getMetricHistory(run, "hush"));
    calls.put("logParam", () -> client.logParam(run, "p", "1"));
    calls.put("logMetric", () -> client.logMetric(run, "m", 1));
    calls.put("logBatch", () -> client.logBatch(run, null, null, null));
    calls.put("setTag", () -> client.setTag(run, "t", "1"));
    calls.put("deleteTag", () -> client.deleteTag(run, "hush"));
    calls.put("setTerminated", () -> client.setTerminated(run));
    calls.put("deleteRun", () -> client.deleteRun(run));
    calls.put("restoreRun", () -> client.restoreRun(run));
    calls.put("startRun as a child", () -> new MlflowContext(client).startRun("child", run));
    return calls;
  }

  private Map<String, Report.Call> refusedByExperiment(MlflowClient client) {
    Map<String, Report.Call> calls = new LinkedHashMap<>();
    calls.put("getExperiment", () -> client.getExperiment(experiment));
    calls.put("getExperimentByName", () -> client.getExperimentByName("/experiments/prod/secret").orElseThrow());
    calls.put("createExperiment", () -> client.createExperiment("/experiments/prod/new"));
    calls.put("createRun", () -> client.createRun(experiment));
    calls.put("createRun with a message", () -> client.createRun(CreateRun.newBuilder().setExperimentId(experiment).build()));
    calls.put("startRun", () -> new MlflowContext(client).setExperimentId(experiment).startRun());
    calls.put("setExperimentTag", () -> client.setExperimentTag(experiment, "t", "1"));
    calls.put("renameExperiment", () -> client.renameExperiment(experiment, "taken"));
    calls.put("deleteExperiment", () -> client.deleteExperiment(experiment));
    calls.put("restoreExperiment", () -> client.restoreExperiment(experiment));
    return calls;
  }

  private Map<String, Report.Call> refusedByModel(MlflowClient client) {
    String model = "secret_prod";
    Map<String, Report.Call> calls = new LinkedHashMap<>();
    calls.put("getRegisteredModel", () -> client.getRegisteredModel(model));
    calls.put("getModelVersion", () -> client.getModelVersion(model, "1"));
    calls.put("getLatestVersions", () -> client.getLatestVersions(model));
    calls.put("getLatestVersions by stage", () -> client.getLatestVersions(model, List.of("Production")));
    calls.put("getModelVersionDownloadUri", () -> client.getModelVersionDownloadUri(model, "1"));
    calls.put("downloadLatestModelVersion", () -> client.downloadLatestModelVersion(model, "Production"));
    calls.put("sendGet", () -> client.sendGet("registered-models/get?name=" + model));
    calls.put("sendPost", () -> client.sendPost("registered-models/create", "{\"name\":\"new_prod\"}"));
    calls.put("sendPatch", () -> client.sendPatch("registered-models/update", "{\"name\":\"secret_prod\",\"description\":\"x\"}"));
    return calls;
  }

  private Map<String, Report.Call> refusedArtifacts(MlflowClient client, File file) {
    Map<String, Report.Call> calls = new LinkedHashMap<>();
    calls.put("logArtifact", () -> client.logArtifact(run, file));
    calls.put("listArtifacts", () -> client.listArtifacts(run));
    calls.put("downloadModelVersion", () -> client.downloadModelVersion("secret_prod", "1"));
    return calls;
  }

  private String state() {
    String versions = upstream.sendGet("model-versions/search?filter=name%3D%27secret_prod%27");
    return upstream.getRun(run) + upstream.getExperiment(experiment).toString() + versions + upstream.listRunInfos(experiment);
  }
}
