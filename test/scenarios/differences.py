"""What is told otherwise where the server is a Databricks workspace, for reasons of Databricks' own. Nothing is passed over: each is asserted.

- The workspace registry has no aliases. Clients that know them are refused in words that say what to use instead.
- The registry copies the files that a version is made of. What happens to the run afterwards does not touch the version, so it is not frozen.
- The registry deletes a model only when no version of it is in Staging or Production any more.
"""
from story import DENIED, WORKSPACE, act_as, check, equal, predicts, refused

NO_ALIASES = ("ENDPOINT_NOT_FOUND",)
# To ask for somebody else's alias is refused either way.
FOREIGN_ALIAS = DENIED + NO_ALIASES if WORKSPACE else DENIED


def aliases_are_refused(client, env, name):
    asked = {
        "given": lambda: client.set_registered_model_alias(name, "champion", "3"),
        "found": lambda: client.get_model_version_by_alias(name, "champion"),
        "taken away": lambda: client.delete_registered_model_alias(name, "champion"),
    }
    for what, call in asked.items():
        refused("%s: an alias cannot be %s in a workspace, which has none" % (env, what), call, codes=NO_ALIASES, says=["stages"])
    equal(env + ": and the model shows none", lambda: client.get_registered_model(name).aliases, {})


def active_versions_keep(client, env, name):
    """A model is deleted once its versions have left the active stages."""
    refused(env + ": a workspace deletes no model with versions in an active stage", lambda: client.delete_registered_model(name), codes=("INVALID_STATE",), says=["active stage"])
    for version in ("2", "3"):
        client.transition_model_version_stage(name, version, "Archived")


def files_are_copies(client, run_id, changed_file, promoted):
    """As acc: changes and deletes the run that prod's version was made of."""
    client.log_artifact(run_id, changed_file, "model")
    client.delete_run(run_id)
    act_as("prod")
    check("prod's version is a copy: it loads, whatever becomes of acc's run", lambda: predicts("models:/%s/1" % promoted))
    equal("and is in Production", lambda: client.get_model_version(promoted, "1").current_stage, "Production")
