"""`kryten-playlist`, and `python -m playlist_app`."""

import sys

from playlist_app.cli.main import run


def main() -> None:
    """Carry out the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
