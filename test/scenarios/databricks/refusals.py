"""What the Databricks SDK says of a refused call."""
from databricks.sdk.errors import DatabricksError


def refused(call):
    """The error code of a call that must not come through; None where it did."""
    try:
        call()
    except DatabricksError as error:
        return error.error_code
    return None
