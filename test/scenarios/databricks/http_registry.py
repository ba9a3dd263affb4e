"""An unmodified MLflow client over http registers what it logged, by its own ways, and tries a prompt. Prints one JSON line."""

import json
import os

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


class Answer(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        return [42]


def said(call):
    """What a call that must not come through is refused with; None where it did."""
    try:
        call()
    except MlflowException as error:
        return str(error)
    return None


mlflow.set_experiment("training")
named = {"name": "model"} if mlflow.__version__ >= "3" else {"artifact_path": "model"}
with mlflow.start_run():
    info = mlflow.pyfunc.log_model(python_model=Answer(), pip_requirements=[], **named)
seen = {}
if os.environ["STORY"] == "disabled":
    seen["register"] = said(lambda: mlflow.register_model(info.model_uri, "fraud"))
    seen["load"] = said(lambda: mlflow.pyfunc.load_model("models:/fraud/1"))
else:
    made = mlflow.register_model(info.model_uri, "fraud")
    version = MlflowClient().get_model_version("fraud", made.version)
    seen["version"] = [version.name, version.version, version.current_stage, version.status]
    seen["source"] = version.source
    seen["answer"] = mlflow.pyfunc.load_model("models:/fraud/%s" % made.version).predict(None)
    if mlflow.__version__ >= "3":
        seen["prompt"] = said(lambda: mlflow.genai.register_prompt(name="greeting", template="Hello {{who}}"))
        seen["left behind"] = [model.name for model in MlflowClient().search_registered_models()]
print(json.dumps(seen))
