"""What a team writes: plain MLflow, the same file in every environment. Two variables say where it runs and as whom:
MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN."""
import mlflow
from mlflow.pyfunc import PythonModel


class FraudModel(PythonModel):
    """Flags the payments that are larger than a limit."""

    def __init__(self, limit):
        self.limit = limit

    def predict(self, context, model_input: list[float]) -> list[bool]:
        return [amount > self.limit for amount in model_input]


mlflow.set_experiment("churn")
with mlflow.start_run(run_name="train fraud"):
    mlflow.log_param("limit", 1000)
    mlflow.log_metric("auc", 0.93)
    mlflow.log_text("Trained on payments of 2025.\n", "notes.md")
    logged = mlflow.pyfunc.log_model(
        name="model", python_model=FraudModel(limit=1000), pip_requirements=["mlflow"], registered_model_name="fraud"
    )

version = logged.registered_model_version
flags = mlflow.pyfunc.load_model(f"models:/fraud/{version}").predict([12.5, 98000.0])
print(f"fraud version {version} loaded back: 12.50 {flags[0]}, 98000.00 {flags[1]}")
