"""Reads a JSON list of jobs on standard input, does them with Helm and the schemas of Kubernetes, and prints a JSON list of answers."""

import json
import sys

import helm_python
import kubernetes_validate
import yaml


def lint(job):
    report = helm_python.lint(job["chart"], job["values"], strict=True)
    return [message for message in report["messages"] if message["severity"] > 1]


def render(job):
    with helm_python.Chart.load(job["chart"]) as chart:
        return chart.render(job["values"], name=job["release"], namespace=job["namespace"])


def validate(job):
    documents = [document for document in yaml.safe_load_all(job["manifests"]) if document is not None]
    for document in documents:
        kubernetes_validate.validate(document, job["kubernetes"], strict=True)
    return [document["kind"] for document in documents]


def answer(job):
    try:
        return {"ok": True, "value": {"lint": lint, "render": render, "validate": validate}[job["do"]](job)}
    except helm_python.HelmError as error:
        return {"ok": False, "error": str(error)}
    except kubernetes_validate.ValidationError as error:
        return {"ok": False, "error": f"{'.'.join(map(str, error.path))}: {error.message}"}


print(json.dumps([answer(job) for job in json.load(sys.stdin)]))
