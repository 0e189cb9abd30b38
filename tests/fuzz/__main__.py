# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let a hostile Odoo answer ten thousand times, and count the results of the collection.

python tests/fuzz answers [--count N] [--seed N]
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / ".work/collections")]

from answers import fuzz_answers
from inputs import fuzz_inputs
from large_bodies import fuzz_bodies
from repeated_secrets import fuzz_secrets

TABLES = {"answers": fuzz_answers, "bodies": fuzz_bodies, "inputs": fuzz_inputs, "secrets": fuzz_secrets}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "tables", nargs="*", choices=[*TABLES, []], metavar="TABLE", help=f"{', '.join(TABLES)}; default: all"
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for name in options.tables or TABLES:
        faults: Counter[str] = TABLES[name](options.count, options.seed)
        for fault, times in faults.most_common():
            print(f"  {times:6} times: {fault}")
        print(f"{name}: {faults.total()} failed", flush=True)
        failed = failed or bool(faults)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
