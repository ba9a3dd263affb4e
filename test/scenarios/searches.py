"""MlflowClient with the rows of all environments in between: searches, paging, filters, aliases, stages, renames, deletions."""
import inspect

from differences import active_versions_keep, aliases_are_refused
from story import ENVIRONMENTS, PROXIED, SERVER, TAG, WORKSPACE, act_as, check, equal, pages, part, skip, upload_source

ROWS, PAGE = 13, 5
SIZES = [5, 5, 3]


def names(prefix):
    return ["%s-%s-%02d" % (TAG, prefix, i) for i in range(ROWS)]


def chunks(rows):
    return [rows[i : i + PAGE] for i in range(0, len(rows), PAGE)]


def story():
    from mlflow.tracking import MlflowClient

    client = MlflowClient()
    made = plant(client)
    for env in ENVIRONMENTS:
        act_as(env)
        with part(env + ": experiments"):
            find_experiments(client, env)
        with part(env + ": runs"):
            find_runs(client, env, made[env])
        with part(env + ": models"):
            find_models(client, env)
        with part(env + ": versions"):
            find_versions(client, env, made[env])
    for env in ENVIRONMENTS:
        act_as(env)
        with part(env + ": life of a model"):
            live(client, env)


def plant(client):
    """The same names in every environment, each row of one followed by the same row of the others."""
    made = {}
    for env in ENVIRONMENTS:
        act_as(env)
        made[env] = {"experiment": client.create_experiment(TAG + "-rows"), "runs": []}
    for i in range(ROWS):
        for env in ENVIRONMENTS:
            act_as(env)
            client.create_experiment(names("e_x")[i], tags={"half": str(i // 7), "env": env})
            run = client.create_run(made[env]["experiment"], tags={"env": env})
            client.log_metric(run.info.run_id, "auc", i / 10.0)
            client.log_param(run.info.run_id, "depth", i % 3)
            made[env]["runs"].append(run.info.run_id)
            source = upload_source(client, run.info)
            # a_b and axb: `_` in LIKE is any one character, so it finds both
            client.create_registered_model(names("a_b" if i % 2 else "axb")[i], tags={"env": env}, description=env)
            client.create_model_version(names("a_b" if i % 2 else "axb")[i], source, run.info.run_id)
    return made


def find_experiments(client, env):
    search, wanted = client.search_experiments, names("e_x")
    found = lambda **more: [e.name for e in search(**more)]
    like = "name LIKE '%s-e_x-%%'" % TAG
    equal(env + ": experiments in full pages and in order", lambda: [[e.name for e in p] for p in pages(search, max_results=PAGE, filter_string=like, order_by=["name ASC"])], chunks(wanted))
    equal(env + ": experiments in descending order", lambda: found(filter_string=like, order_by=["name DESC"]), wanted[::-1])
    equal(env + ": name =", lambda: found(filter_string="name = '%s'" % wanted[7]), [wanted[7]])
    equal(env + ": name ILIKE", lambda: found(filter_string="name ILIKE '%s-E_X-1%%'" % TAG.upper(), order_by=["name ASC"]), wanted[10:])
    equal(env + ": tag filter", lambda: sorted(found(filter_string="tags.half = '1' AND " + like)), wanted[7:])
    equal(env + ": LIKE cannot reach over the root", lambda: found(filter_string="name LIKE '%%experiments%%%s%%'" % TAG), [])
    everything = pages(search, max_results=PAGE)
    seen = [e for p in everything for e in p]
    # Other clients insert meanwhile, which shows a row again on the next page.
    equal(env + ": without a filter each is seen", sorted({e.name for e in seen if e.name.startswith(TAG + "-e_x-")}), wanted)
    if PROXIED:
        check(env + ": without a filter no upstream name is seen", not [e.name for e in seen if "/experiments/" in e.name], [e.name for e in seen])
        check(env + ": without a filter no other environment is seen", not [e for e in seen if e.tags.get("env", env) != env])
        check(env + ": without a filter pages are full", lambda: all(len(p) == PAGE for p in everything[:-1]), [len(p) for p in everything])


def find_runs(client, env, made):
    exp, ids = made["experiment"], made["runs"]
    found = lambda text, **more: [r.info.run_id for r in client.search_runs([exp], text, **more)]
    paged = lambda: pages(client.search_runs, experiment_ids=[exp], max_results=PAGE, order_by=["metrics.auc DESC"])
    equal(env + ": runs in full pages and in order", lambda: [[r.info.run_id for r in p] for p in paged()], chunks(ids[::-1]))
    equal(env + ": metric and parameter filter", lambda: found("metrics.auc > 0.35 and params.depth = '1'", order_by=["metrics.auc ASC"]), [ids[4], ids[7], ids[10]])
    equal(env + ": parameter LIKE", lambda: len(found("params.depth LIKE '%2'")), 4)
    equal(env + ": tag filter", lambda: sorted(found("tags.env = '%s'" % env)), sorted(ids))
    equal(env + ": no run has another environment's tag", lambda: found("tags.env != '%s'" % env), [])


def model_names():
    return sorted(names("a_b" if i % 2 else "axb")[i] for i in range(ROWS))


def find_models(client, env):
    search, wanted = client.search_registered_models, model_names()
    found = lambda text, **more: [m.name for m in search(text, **more)]
    like = "name LIKE '%s-a_b-%%'" % TAG
    got = pages(search, filter_string=like, max_results=PAGE, order_by=["name ASC"])
    equal(env + ": models in full pages and in order, `_` finds both kinds", [[m.name for m in p] for p in got], chunks(wanted))
    check(env + ": they are this environment's", all(m.description == env for p in got for m in p), [m.description for p in got for m in p])
    equal(env + ": their versions show logical names", [v.name for p in got for m in p for v in m.latest_versions], wanted)
    equal(env + ": models in descending order", lambda: found(like, order_by=["name DESC"]), wanted[::-1])
    equal(env + ": name =", lambda: found("name = '%s'" % wanted[3]), [wanted[3]])
    equal(env + ": name ILIKE", lambda: found("name ILIKE '%s-AXB-0%%'" % TAG.upper(), order_by=["name ASC"]), [n for n in wanted if "-axb-0" in n])
    if not PROXIED:
        return
    client.create_registered_model("%s-x%s" % (TAG, env))
    equal(env + ": a pattern means the logical name, not the suffix", lambda: found("name LIKE '%s%%_%s'" % (TAG, env)), ["%s-x%s" % (TAG, env)])
    everything = pages(search, max_results=PAGE)
    suffixed = [m.name for p in everything for m in p if m.name.endswith(tuple("_" + e for e in ENVIRONMENTS))]
    equal(env + ": without a filter no upstream name is seen", suffixed, [])
    check(env + ": without a filter pages are full", all(len(p) == PAGE for p in everything[:-1]), [len(p) for p in everything])


def find_versions(client, env, made):
    found = lambda text: [(v.name, int(v.version)) for v in client.search_model_versions(text)]
    wanted = model_names()
    equal(env + ": name =", lambda: found("name = '%s'" % wanted[0]), [(wanted[0], 1)])
    equal(env + ": run_id =", lambda: len(found("run_id = '%s'" % made["runs"][4])), 1)
    equal(env + ": versions LIKE", lambda: sorted(found("name LIKE '%s-a_b-%%'" % TAG)), [(n, 1) for n in wanted])
    if "page_token" not in inspect.signature(client.search_model_versions).parameters:
        return skip(env + ": versions in full pages", "this client cannot page them")
    got = pages(client.search_model_versions, filter_string="name LIKE '%s-a_b-%%'" % TAG, max_results=PAGE, order_by=["name ASC"])
    equal(env + ": versions in full pages and in order", [[v.name for v in p] for p in got], chunks(wanted))


def live(client, env):
    name, new, run = TAG + "-life", TAG + "-afterlife", client.create_run(client.get_experiment_by_name(TAG + "-rows").experiment_id).info
    client.create_registered_model(name)
    source = upload_source(client, run)
    for _ in range(3):
        client.create_model_version(name, source, run.run_id)
    stage = lambda version: client.get_model_version(name, version).current_stage
    client.transition_model_version_stage(name, "1", "Archived")
    equal(env + ": a version is archived", lambda: stage("1"), "Archived")
    client.transition_model_version_stage(name, "3", "Staging", archive_existing_versions=True)
    equal(env + ": moving one to Staging archives the other there", lambda: stage("2"), {"prod": "Production"}.get(env, "Archived") if PROXIED else "None")
    client.update_registered_model(name, "words")
    client.set_model_version_tag(name, "3", "k", "v")
    equal(env + ": description and tag", lambda: (client.get_registered_model(name).description, client.get_model_version(name, "3").tags.get("k")), ("words", "v"))
    if hasattr(client, "set_registered_model_alias") and WORKSPACE:
        aliases_are_refused(client, env, name)
    elif hasattr(client, "set_registered_model_alias") and SERVER >= (2, 3):
        client.set_registered_model_alias(name, "champion", "3")
        equal(env + ": the alias finds its version", lambda: (lambda v: (v.name, str(v.version)))(client.get_model_version_by_alias(name, "champion")), (name, "3"))
        equal(env + ": the model shows its aliases", lambda: client.get_registered_model(name).aliases, {"champion": "3"})
        client.delete_registered_model_alias(name, "champion")
        equal(env + ": the alias is gone", lambda: client.get_registered_model(name).aliases, {})
    else:
        skip(env + ": aliases", "this client has none")
    client.delete_model_version(name, "1")
    client.rename_registered_model(name, new)
    equal(env + ": after the renaming the versions are there", lambda: sorted((v.name, int(v.version)) for v in client.search_model_versions("name = '%s'" % new)), [(new, 2), (new, 3)])
    equal(env + ": the old name finds nothing", lambda: client.search_registered_models("name = '%s'" % name), [])
    if WORKSPACE:
        active_versions_keep(client, env, new)
    client.delete_registered_model(new)
    equal(env + ": the model is gone", lambda: client.search_registered_models("name = '%s'" % new), [])
