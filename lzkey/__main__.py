"""`python -m lzkey` is `lzkey`."""

import sys

from lzkey.cli import main

sys.exit(main())
