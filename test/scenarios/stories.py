"""Tells the stories that are named as arguments, all in one process of one client version."""
import os
import sys

import command_line
import families
import fluent
import generative
import isolation
import on_databricks
import promotion
import searches
from story import ENVIRONMENTS, tell

STORIES = {
    "fluent": lambda: [tell("fluent API in " + env, lambda: fluent.story(env)) for env in ENVIRONMENTS],
    "searches": lambda: tell("MlflowClient", searches.story),
    "isolation": lambda: [tell("%s against %s" % pair, lambda: isolation.story(*pair)) for pair in isolation.PAIRS],
    "isolation of prod": lambda: [tell("%s against %s" % pair, lambda: isolation.story(*pair)) for pair in isolation.PAIRS[:1]],
    "families": lambda: [tell("MLflow 3 in %s, and %s" % pair, lambda: families.story(*pair)) for pair in isolation.PAIRS or [("acc", "acc")]],
    "generative": lambda: [tell("traces and prompts in %s, and %s" % pair, lambda: generative.story(*pair)) for pair in isolation.PAIRS[:1] or [("acc", "acc")]],
    "notebook": lambda: tell("notebooks, Git folders and jobs", on_databricks.story),
    "promotion": lambda: tell("promotion", promotion.story),
    "command-line": lambda: [tell("command line in " + env, lambda: command_line.story(env)) for env in ENVIRONMENTS],
}

for name in sys.argv[1:]:
    STORIES[name]()
sys.stdout.flush()
# MLflow's background threads must not keep a finished client alive.
os._exit(0)
