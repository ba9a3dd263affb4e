"""A model that is logged in acc, and read where it was promoted to: the test says which of the two, and what the version is."""
import os
import sys

from story import CONTEXT, act_as, check, equal, log_small_model, part, predicts, refused


def log():
    import mlflow

    act_as("acc")
    mlflow.set_experiment("promotion")
    with mlflow.start_run():
        log_small_model()
        mlflow.log_metric("auc", 0.93)
        mlflow.register_model("runs:/%s/model" % mlflow.active_run().info.run_id, "fraud")


def load():
    from mlflow.tracking import MlflowClient

    for who in ("preprod", "prod"):
        act_as(who)
        version = MlflowClient().get_model_version("fraud", "1")
        with part(who):
            equal("%s has it in its stage" % who, version.current_stage, "Production" if who == "prod" else "Staging")
            equal("%s has the tags of the original" % who, version.tags.get("reviewed"), "yes")
            equal("%s reads where it comes from" % who, version.tags.get("mlflow_env_proxy_promotion_from"), CONTEXT["from"][who])
            check("%s loads it" % who, lambda: predicts("models:/fraud/1"))
            refused("%s cannot read acc's version" % who, lambda: MlflowClient().get_model_version("fraud_acc", "1"))
            copied = MlflowClient().copy_model_version("models:/fraud/1", "again")
            equal("%s copies it without the record" % who, [key for key in copied.tags if "promotion" in key], [])


with part(sys.argv[1]):
    log() if sys.argv[1] == "log" else load()
