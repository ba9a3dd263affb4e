"""Renews Microsoft Entra ID tokens for MLflow's client. See README.md beside this package."""

from mlflow_env_proxy_auth.provider import EntraAuthProvider, use_entra
from mlflow_env_proxy_auth.renewed_token import RenewedToken

__all__ = ["EntraAuthProvider", "RenewedToken", "use_entra"]
