"""A keyring of the system's, for couriers that the tests start: a file that no profile holds.

The system's own must not be touched by tests, and a test machine has none. Found by PYTHONPATH; it
stands where the Secret Service does, in a courier and nowhere else.
"""

import json
import sys
import types
from pathlib import Path

RING = Path(__file__).with_name("ring.json")


class Keyring:
    """What `keyring` calls a backend."""

    priority = 5.0

    def set_password(self, service, name, secret):
        RING.write_text(json.dumps(self._all() | {f"{service}/{name}": secret}), encoding="utf-8")

    def get_password(self, service, name):
        return self._all().get(f"{service}/{name}")

    def delete_password(self, service, name):
        kept = self._all()
        del kept[f"{service}/{name}"]
        RING.write_text(json.dumps(kept), encoding="utf-8")

    def _all(self):
        return json.loads(RING.read_text(encoding="utf-8")) if RING.exists() else {}


if "courier" in sys.orig_argv:
    module = types.ModuleType("keyring.backends.SecretService")
    module.Keyring = Keyring
    sys.modules["keyring.backends.SecretService"] = module
