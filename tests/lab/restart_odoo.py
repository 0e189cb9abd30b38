"""Restart the Odoo of the lab that POSTMASTER_LAB_DIR names: when this ends, the old process has ended, and the new one
does not answer yet.
"""

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import Lab

if __name__ == "__main__":
    if sys.argv[1:]:
        time.sleep(2)
        Lab().start_odoo()
    else:
        Lab().stop_odoo()
        subprocess.Popen(
            [sys.executable, __file__, "start"],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
