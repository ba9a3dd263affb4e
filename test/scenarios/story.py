"""What all stories share: assertions, callers, and a look at the upstream behind the proxy's back.

Runs inside the client's own environment, old ones included. The test tells everything by the JSON file that $CLIENT_CONTEXT names;
MLflow itself sees only MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN. Each assertion is one JSON line in $CLIENT_RESULTS.
"""
import contextlib
import json
import logging
import os
import re
import sys
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

with open(os.environ["CLIENT_CONTEXT"]) as _file:
    CONTEXT = json.load(_file)
CLIENT = tuple(int(part) for part in CONTEXT["version"].split("."))
SERVER = tuple(int(part) for part in CONTEXT["serverVersion"].split("."))
HOME = CONTEXT["home"]
# Without a proxy (to prove the stories themselves) there is one environment, and names go upstream as they are.
PROXIED = CONTEXT["upstream"] is not None
# Whether the server is a Databricks workspace: what is told otherwise there stands in differences.py.
WORKSPACE = CONTEXT.get("workspace", False)
ENVIRONMENTS = tuple(CONTEXT.get("environments") or (("acc", "preprod", "prod") if PROXIED else ("acc",)))
# Several clients share one server: every name that a story makes begins with this.
TAG = CONTEXT.get("tag") or "c" + CONTEXT["version"].replace(".", "")
DENIED = ("PERMISSION_DENIED", "RESOURCE_DOES_NOT_EXIST")

_story = ""
_results = open(os.environ["CLIENT_RESULTS"], "w")


def _write(name, state, note=""):
    line = {"name": "%s: %s" % (_story, name), "state": state, "note": re.sub(r"\s+", " ", str(note)).strip()[:500]}
    _results.write(json.dumps(line) + "\n")
    _results.flush()


def brief(error):
    return "%s: %s" % (type(error).__name__, error)


def check(name, what, note=""):
    """`what` is a truth value, or a function that gives one; an exception is a failure. `note` explains a false one."""
    try:
        value = what() if callable(what) else what
        _write(name, "passed" if value else "failed", "" if value else note or "got %r" % (value,))
    except Exception as error:
        _write(name, "failed", brief(error))


def equal(name, got, wanted):
    try:
        value = got() if callable(got) else got
        _write(name, "passed" if value == wanted else "failed", "" if value == wanted else "got %r, wanted %r" % (value, wanted))
    except Exception as error:
        _write(name, "failed", brief(error))


def skip(name, why):
    _write(name, "skipped", why)


def _unreadable(text, hidden):
    low = text.lower()
    for bad in ("traceback (most recent", "<html", "[sql:", "max retries exceeded", "internal_error", "not in a valid json"):
        if bad in low:
            return "the message holds %r: %s" % (bad, text)
    for secret in list(hidden) + [os.environ.get("MLFLOW_TRACKING_TOKEN", "")[-40:]]:
        if secret and secret in text:
            return "the message shows %r" % secret
    return "" if len(text) > 12 else "the message says too little: %r" % text


def _refusal_problem(error, codes, says, hidden):
    """Why this is not a readable refusal, or ''. Artifact calls raise an HTTPError, or pack it into an error of their own."""
    text, code = str(error), getattr(error, "error_code", None)
    status = re.search(r"\b40[0134]\b", text)
    if code not in codes and not status and not any(known in text for known in tuple(codes) + ("may not have access",)):
        return "not a refusal: " + brief(error)
    if says and not any(word.lower() in text.lower() for word in says):
        return "the message says none of %s: %s" % (", ".join(says), text)
    # Some clients wrap the proxy's sentence into an INTERNAL_ERROR of their own.
    return _unreadable(text.replace("INTERNAL_ERROR", "") if code == "INTERNAL_ERROR" else text, hidden)


def refused(name, call, codes=DENIED, says=(), hidden=(), or_nothing=False, within=15):
    """`call` is refused in words and `within` seconds; with `or_nothing`, it may also find nothing."""
    started = time.time()
    try:
        value = call()
        value = list(value) if not isinstance(value, (str, dict)) and hasattr(value, "__iter__") else value
        problem = "" if or_nothing and not value else "was allowed: %.200r" % (value,)
    except Exception as error:
        problem = _refusal_problem(error, codes, says, hidden)
    # Seven tries take four minutes.
    if not problem and time.time() - started > within:
        problem = "took %.0f s: the client sent it again and again" % (time.time() - started)
    _write(name, "failed" if problem else "passed", problem)


@contextlib.contextmanager
def part(name):
    """Assertions that need each other: an exception ends this part, and is one failure."""
    try:
        yield
    except Exception as error:
        line = traceback.extract_tb(sys.exc_info()[2])[1:2]
        _write("%s goes to its end" % name, "failed", "line %s: %s" % (line[0].lineno if line else "?", brief(error)))
    else:
        _write("%s goes to its end" % name, "passed")


def act_as(who, environment=None):
    """Another caller from here on; `environment` is chosen by the tracking URI, as callers in several must."""
    import mlflow

    while mlflow.active_run():
        mlflow.end_run()
    os.environ["MLFLOW_TRACKING_TOKEN"] = CONTEXT["tokens"][who]
    os.environ["MLFLOW_TRACKING_URI"] = CONTEXT["uri"] + ("/env/" + environment if environment else "")
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])


def upstream(method, endpoint, **fields):
    """The answer of MLflow itself; {"error_code": ...} where it refuses. Endpoints of other APIs than 2.0 begin with a slash."""
    url, data = CONTEXT["upstream"] + (endpoint if endpoint.startswith("/") else "/api/2.0/mlflow/" + endpoint), None
    if method == "GET":
        url += "?" + urllib.parse.urlencode(fields)
    else:
        data = json.dumps(fields).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        return json.loads(error.read() or b"{}")


def stage_of(environment):
    return "Production" if environment == "prod" else "Staging"


def upload_source(client, run):
    """A folder that a version can be made of; where it lies. A workspace makes no version of nothing."""
    client.log_text(run.run_id, "flavors: {}", "model/MLmodel")
    return run.artifact_uri + "/model"


def log_small_model(registered_name=None):
    """A model that needs nothing but MLflow: adds 1 to every number."""
    import mlflow
    import mlflow.pyfunc

    class AddOne(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return [float(x) + 1 for x in model_input["x"]]

    place = {"name": "model"} if CLIENT >= (3,) else {"artifact_path": "model"}
    if registered_name:
        place["registered_model_name"] = registered_name
    return mlflow.pyfunc.log_model(python_model=AddOne(), pip_requirements=["mlflow"], **place)


def predicts(uri):
    import mlflow.pyfunc
    import pandas

    return list(mlflow.pyfunc.load_model(uri).predict(pandas.DataFrame({"x": [1.0, 2.0]}))) == [2.0, 3.0]


def pages(search, **arguments):
    """Every page of a paged search, as lists; the empty page that some servers end with is left out."""
    found, token = [], None
    for _ in range(100):
        page = search(page_token=token, **arguments) if token else search(**arguments)
        found.append(list(page))
        token = page.token
        if not token:
            return [p for p in found if p]
    raise RuntimeError("paging does not end")


def tell(name, story):
    """Runs one story; whatever goes wrong in it is one more failed assertion."""
    global _story
    _story = name
    try:
        story()
        _write("comes to its end", "passed")
    except Exception as error:
        traceback.print_exc()
        _write("comes to its end", "failed", brief(error))
