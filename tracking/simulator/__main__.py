"""Run the simulator by `python -m tracking.simulator` or `python tracking/simulator`.

`-m` imports the project package first, and with it 40 MB of Celery that the simulator does not need. So the process
replaces itself (same process id) by one that imports this folder alone.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent

if __package__:
    os.execv(sys.executable, [sys.executable, str(HERE), *sys.argv[1:]])

sys.path[:] = [path for path in sys.path if Path(path).resolve() != HERE]
sys.path.append(str(HERE.parent))
import_module("simulator.start").main()
