"""Keeps MLflow's modules loaded, and starts a server for each who connects to the socket that is the argument.

Loading them takes eight seconds of a processor, twice per `mlflow server`. A caller writes one line of JSON: the arguments of `mlflow`,
the environment and the folder. What the server writes comes back; it ends with the connection, and all ends with the standard input.
"""
import json
import os
import select
import signal
import socket
import sys


def run(request):
    """Becomes `mlflow ARGUMENTS`, with uvicorn in this process where MLflow would start another."""
    import runpy
    import tempfile

    import mlflow.cli
    import mlflow.server

    def become(command, extra_env, **_):
        os.environ.update(extra_env)
        sys.argv = command[2:]
        runpy.run_module(command[2], run_name="__main__", alter_sys=True)
        sys.exit()

    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    tempfile.tempdir = None
    mlflow.server._exec_cmd = become
    sys.argv = ["mlflow", *request["args"]]
    mlflow.cli.cli()


def fork(work):
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        code = work() or 0
    except SystemExit as error:
        code = error.code or 0
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


def guard(connection):
    """Leads the server's process group, which ends with the connection."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    request = json.loads(connection.makefile().readline())
    alive, held = os.pipe()
    for stream in (1, 2):
        os.dup2(connection.fileno(), stream)
    server = fork(lambda: run(request))
    os.close(held)
    ready, _, _ = select.select([connection, alive], [], [])
    if alive in ready:
        code = os.waitstatus_to_exitcode(os.waitpid(server, 0)[1])
        connection.sendall(b"the program ended with code %d\n" % code)
    os.killpg(0, signal.SIGKILL)


def main(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    import alembic.command
    import mlflow.cli
    import mlflow.server.handlers
    import mlflow.store.model_registry.sqlalchemy_store
    import mlflow.store.tracking.sqlalchemy_store
    import uvicorn.main

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listener, 0], [], [])
        if 0 in ready:
            return
        connection, _ = listener.accept()
        fork(lambda: guard(connection))
        connection.close()


main(sys.argv[1])
