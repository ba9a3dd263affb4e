"""Files that a client sends in parts, from wherever they lie on its disk; with stores that take parts, and with those that do not."""
import json
import os

import mlflow

with open(os.environ["CLIENT_CONTEXT"]) as file:
    context = json.load(file)
results = open(os.environ["CLIENT_RESULTS"], "w")


def check(name, fails):
    """`fails` gives what is wrong, or nothing."""
    try:
        note = fails()
    except Exception as error:
        note = "%s: %s" % (type(error).__name__, error)
    results.write(json.dumps({"name": name, "state": "failed" if note else "passed", "note": str(note or "")[:500]}) + "\n")
    results.flush()


home = context["home"]
work = os.path.join(home, "work dir")
os.makedirs(os.path.join(work, "model", "data"))
os.chdir(work)
large = os.urandom(100_000)
places = {"absolute.bin": os.path.join(work, "absolute.bin"), "relative.bin": "relative.bin", "above.bin": "../above.bin",
          "with space.bin": os.path.join(work, "with space.bin"), "100%.bin": "./100%.bin", "é.bin": os.path.join(home, "é.bin")}
for path in [*places.values(), "model/weights.bin", "model/data/deep.bin"]:
    with open(path, "wb") as file:
        file.write(large)

mlflow.set_experiment("parts")
with mlflow.start_run() as run:
    for name, path in places.items():
        check("log_artifact " + name, lambda: mlflow.log_artifact(path))
    check("log_artifact in a folder", lambda: mlflow.log_artifact("relative.bin", "in/folder"))
    check("log_artifacts", lambda: mlflow.log_artifacts("model", "model"))

fetched = os.path.join(home, "fetched")
os.makedirs(fetched)


def compare(path):
    file = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=path, dst_path=fetched)
    with open(file, "rb") as stored:
        return None if stored.read() == large else "other bytes"


for path in [*places, "in/folder/relative.bin", "model/weights.bin", "model/data/deep.bin"]:
    check("download " + path, lambda: compare(path))
