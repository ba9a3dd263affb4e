"""A training run that outlasts many tokens: metrics are logged asynchronously all the time, and a large file goes back and forth."""
import hashlib
import os
import threading
import time

from story import CONTEXT, HOME, equal, tell


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def send_files(mlflow, run_id, until, rounds):
    """Each one is sent, and read back."""
    large = os.path.join(HOME, "weights.bin")
    while time.time() < until or not rounds:
        with open(large, "wb") as file:
            file.write(os.urandom(CONTEXT["bytes"]))
        mlflow.log_artifact(large, "checkpoint", run_id=run_id)
        back = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="checkpoint/weights.bin", dst_path=os.path.join(HOME, "back"))
        rounds.append(digest(back) == digest(large))


def story():
    import mlflow

    mlflow.config.enable_async_logging()
    mlflow.set_experiment(CONTEXT["experiment"])
    until, rounds, steps = time.time() + CONTEXT["seconds"], [], 0
    pending = []
    with mlflow.start_run() as run:
        files = threading.Thread(target=send_files, args=(mlflow, run.info.run_id, until, rounds))
        files.start()
        while time.time() < until or files.is_alive():
            pending.append(mlflow.log_metric("loss", 1 / (steps + 1), step=steps))
            if steps % 10 == 0:
                mlflow.log_param("at-%d" % steps, time.time())
                mlflow.log_text("step %d" % steps, "notes/%d.txt" % steps)
                with mlflow.start_span("step"):
                    pass
            steps += 1
            time.sleep(0.1)
        files.join()
        for operation in pending:
            operation.wait()
        mlflow.flush_trace_async_logging()
    client = mlflow.MlflowClient()
    equal("every value arrived", lambda: len(client.get_metric_history(run.info.run_id, "loss")), steps)
    equal("every parameter arrived", lambda: len(client.get_run(run.info.run_id).data.params), (steps + 9) // 10)
    equal("every trace arrived", lambda: len(mlflow.search_traces(locations=[run.info.experiment_id], max_results=5000)), (steps + 9) // 10)
    equal("every file came back as it was sent", lambda: (len(rounds) > 0, all(rounds)), (True, True))
    equal("the run has finished", lambda: client.get_run(run.info.run_id).info.status, "FINISHED")


tell("a run that outlasts its tokens", story)
os._exit(0)
