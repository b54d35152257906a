"""Settings for all tests: random examples are the same in every run unless asked otherwise.

`HYPOTHESIS_PROFILE=search nox -s tests -- tests/test_properties.py` looks for new ones.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("stable", derandomize=True, database=None)
settings.register_profile("search", derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "stable"))
