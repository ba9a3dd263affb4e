"""The mlflow command line, with nothing but the two variables set."""
import os
import subprocess
import sys

from story import CLIENT, ENVIRONMENTS, HOME, PROXIED, TAG, act_as, check, equal, refused, skip, upstream

MLFLOW = os.path.join(os.path.dirname(sys.executable), "mlflow")
MLPROJECT = """name: tiny
entry_points:
  main:
    parameters:
      depth: {type: int, default: 3}
    command: "%s train.py {depth}"
"""
TRAIN = """import sys, mlflow
with mlflow.start_run():
    mlflow.log_metric("doubled", 2 * int(sys.argv[1]))
"""


def mlflow_command(*arguments):
    done = subprocess.run([MLFLOW] + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=120, cwd=HOME)
    if done.returncode:
        raise RuntimeError("exit %d: %s" % (done.returncode, done.stdout[-600:]))
    return done.stdout


def story(env):
    """All commands in the first environment; in the others those that could show something of the first."""
    from mlflow.tracking import MlflowClient

    act_as(env)
    client = MlflowClient()
    if env == ENVIRONMENTS[0]:
        experiments(client)
        runs_and_artifacts(client)
        project(client, env)
    else:
        visit(client, env)


def visit(client, env):
    act_as(ENVIRONMENTS[0])
    name = "%s-unseen-by-%s" % (TAG, env)
    foreign = client.create_run(client.create_experiment(name), tags={"hush": "s3cret"}).info.run_id
    act_as(env)
    # Python alone takes its time to start on a busy machine.
    refused("runs describe of a foreign run", lambda: mlflow_command("runs", "describe", "--run-id", foreign), hidden=["s3cret"], within=45)
    if CLIENT >= (2,):
        own = "%s-seen-by-%s" % (TAG, env)
        client.create_experiment(own)
        listing = mlflow_command("experiments", "search")
        check("experiments search shows the own one only", own in listing and name not in listing, listing)


def experiments(client):
    name = TAG + "-made-by-command"
    mlflow_command("experiments", "create", "--experiment-name", name)
    exp = client.get_experiment_by_name(name)
    equal("experiments create", exp and exp.name, name)
    if CLIENT < (2,):
        return skip("experiments list", "it asks for a route that servers from 2.0 on do not have")
    listing = mlflow_command("experiments", "search")
    check("experiments search shows the logical name", any(name in line.split() for line in listing.splitlines()), listing)
    if PROXIED:
        check("experiments search shows no upstream name", "/experiments/" not in listing, listing)


def runs_and_artifacts(client):
    exp = client.get_experiment_by_name(TAG + "-made-by-command").experiment_id
    run = client.create_run(exp).info.run_id
    with open(os.path.join(HOME, "up.txt"), "w") as file:
        file.write("text")
    mlflow_command("artifacts", "log-artifact", "--run-id", run, "--local-file", "up.txt", "--artifact-path", "sub")
    equal("artifacts log-artifact", lambda: [f.path for f in client.list_artifacts(run, "sub")], ["sub/up.txt"])
    os.makedirs(os.path.join(HOME, "down"), exist_ok=True)
    mlflow_command("artifacts", "download", "--run-id", run, "--artifact-path", "sub", "--dst-path", "down")
    equal("artifacts download", lambda: open(os.path.join(HOME, "down", "sub", "up.txt")).read(), "text")
    check("runs list", lambda: run in mlflow_command("runs", "list", "--experiment-id", exp))


def project(client, env):
    folder, name = os.path.join(HOME, "project"), TAG + "-project"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "MLproject"), "w") as file:
        file.write(MLPROJECT % sys.executable)
    with open(os.path.join(folder, "train.py"), "w") as file:
        file.write(TRAIN)
    mlflow_command("run", folder, "--env-manager", "local", "--experiment-name", name, "-P", "depth=4")
    runs = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    got = [(r.data.metrics.get("doubled"), r.data.params.get("depth"), r.info.status) for r in runs]
    equal("mlflow run of a local project", got, [(8.0, "4", "FINISHED")])
    if PROXIED:
        stored = upstream("GET", "experiments/get-by-name", experiment_name="/experiments/%s/%s" % (env, name))
        equal("the project's experiment is under the root", stored.get("experiment", {}).get("lifecycle_stage"), "active")
