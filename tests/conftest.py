"""No test sees the settings of the machine it runs on."""

from __future__ import annotations

import os

for name in [name for name in os.environ if name.startswith("FOOTFALL_")]:
    del os.environ[name]
