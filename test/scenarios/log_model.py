"""Logs one model and registers it; what that costs upstream is counted by the test."""
import mlflow


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input


def mark(name):
    """Leaves a trace in the order of calls."""
    try:
        mlflow.MlflowClient().get_registered_model(name)
    except mlflow.exceptions.MlflowException:
        pass


mlflow.set_experiment("cost")
with mlflow.start_run():
    for time in (1, 2):
        mark(f"begin-{time}")
        where = {"name": "model"} if mlflow.__version__.startswith("3") else {"artifact_path": "model"}
        mlflow.pyfunc.log_model(**where, python_model=Echo(), registered_model_name="cost", pip_requirements=["mlflow"])
        mark(f"end-{time}")
