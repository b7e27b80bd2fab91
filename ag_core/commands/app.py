"""`app`: open the application in a browser, from wherever it is installed."""

import argparse
import os
import subprocess
import sys

from ag_core.commands.number_options import add_whole_number


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("app", help="open the application in a browser")
    add_whole_number(parser, "--port", least=1, most=65535, default=8501, help="default %(default)s")
    parser.add_argument(
        "--address", default="127.0.0.1", help="network address to serve (default %(default)s: here alone)"
    )
    parser.add_argument(
        "--store", metavar="STORE", help="annotation store to open (default: AG_STORE, else the home world)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until stopped from the keyboard."""
    from ag_core.settings import APPLICATION, PROJECT, is_address

    environment = dict(os.environ)
    if options.store:
        environment["AG_STORE"] = options.store
    # Streamlit reads its settings from the folder it runs in, so what was named relative to this one is made absolute.
    for name in ("AG_STORE", "AG_HOME", "AG_SHOWCASE"):
        named = environment.get(name)
        if named and not is_address(named):
            environment[name] = os.path.abspath(named)  # noqa: PTH100 (a Path would follow links)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT), environment.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += [f"--server.port={options.port}", f"--server.address={options.address}"]
    os.chdir(APPLICATION)
    if os.name == "posix":  # the same process goes on as the server, so that ending it ends the server
        os.execve(sys.executable, command, environment)
    sys.exit(subprocess.run(command, env=environment).returncode)
