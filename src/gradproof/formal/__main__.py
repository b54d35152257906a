"""`python -m gradproof.formal` gives every certificate to Coq."""

import sys

from gradproof.formal.report import main

sys.exit(main())
