"""`python -m monitor` is `marginwatch`."""

import sys

from monitor.cli import main

sys.exit(main())
