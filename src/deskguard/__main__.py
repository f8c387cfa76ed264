"""`python -m deskguard` is `deskguard`."""

from deskguard.cli import main

raise SystemExit(main())
