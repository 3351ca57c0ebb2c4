"""The command `minusoned`: watch the inboxes and separate what arrives, until told to stop."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from core.config import Settings, load_settings
from core.errors import ConfigError, MinusoneError
from core.store.records import Level
from daemon.log import Log, journal_listens
from daemon.sdnotify import take_notifier
from daemon.service import Service

# sysexits.h; systemd units do not restart on it: a wrong configuration does not mend itself.
EXIT_CONFIG = 78


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the daemon.

    Returns
    -------
    int
        0 after a stop that was asked for, 1 when it could not start or go on, 78 when the
        configuration is wrong.
    """
    options = _parser().parse_args(arguments)
    # Taken out of the environment before any child could inherit it.
    notifier = take_notifier(os.environ)
    # What it has to say about lost events, the watcher says in this program's own words.
    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    log = Log(
        journal=journal_listens(os.environ), level=Level.DEBUG if options.verbose else Level.INFO
    )

    def load() -> Settings:
        return load_settings(options.config)

    try:
        settings = load()
        if options.check_config:
            print(f"{settings.path or 'The defaults'}: nothing is wrong.")
            return 0
        Service(settings, load, log, notifier, once=options.once).run()
    except MinusoneError as error:
        log.error(error)
        notifier.failed(error.title)
        return EXIT_CONFIG if isinstance(error, ConfigError) else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="minusoned",
        description="Watch folders for songs and separate them into stems. Stop it with Ctrl-C or "
        "SIGTERM; SIGHUP reads the configuration again.",
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="instead of ~/.config/minusone/config.toml"
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="separate what is in the inboxes and the queue, then end",
    )
    parser.add_argument("--check-config", action="store_true", help="read it, say so, and end")
    parser.add_argument("--verbose", action="store_true", help="say more")
    return parser


if __name__ == "__main__":
    sys.exit(main())
