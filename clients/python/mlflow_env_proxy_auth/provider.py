"""What MLflow's client finds as ``MLFLOW_TRACKING_AUTH=entra``."""

import os
import threading

from azure.identity import DefaultAzureCredential
from mlflow.exceptions import MlflowException
from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider
from requests.auth import AuthBase

from mlflow_env_proxy_auth.renewed_token import RenewedToken

NAME = "entra"
SCOPE_VARIABLE = "MLFLOW_ENTRA_SCOPE"

_lock = threading.Lock()
_credential = None
_tokens = {}


class _BearerAuth(AuthBase):
    """Sends each request with a token that is valid now."""

    def __init__(self, token):
        self._token = token

    def __call__(self, request):
        value = self._token.read()
        request.headers["Authorization"] = f"Bearer {value}"

        def look(response, **_options):
            if response.status_code == 401:
                self._token.drop(value)

        request.register_hook("response", look)
        return request


def _token_for(scope):
    """One for the whole process: MLflow asks for it at every request."""
    global _credential
    with _lock:
        if _credential is None:
            _credential = DefaultAzureCredential()
        if scope not in _tokens:
            _tokens[scope] = RenewedToken(_credential, scope)
        return _tokens[scope]


class EntraAuthProvider(RequestAuthProvider):
    """Entra ID tokens for the scope in ``MLFLOW_ENTRA_SCOPE``."""

    def get_name(self):
        return NAME

    def get_auth(self):
        scope = os.environ.get(SCOPE_VARIABLE)
        if not scope:
            raise MlflowException(
                f"{SCOPE_VARIABLE} is not set: name the application of mlflow-env-proxy, for example api://mlflow-env-proxy/.default"
            )
        return _BearerAuth(_token_for(scope))


def use_entra(tracking_uri, scope, credential=None):
    """For notebooks: from now on MLflow's client asks ``tracking_uri``, with tokens for ``scope``.

    ``credential`` is one of azure-identity's; by default the process's own (``DefaultAzureCredential``).
    """
    import mlflow

    global _credential
    with _lock:
        _credential = credential
        _tokens.clear()
    os.environ["MLFLOW_TRACKING_AUTH"] = NAME
    os.environ[SCOPE_VARIABLE] = scope
    mlflow.set_tracking_uri(tracking_uri)
