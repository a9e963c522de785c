"""Runs verify.py of exported folders, one after the other in one process: python3 verify_all.py FOLDER ...

A framework takes seconds to load and a proof much less. Exits with 1 and says what failed, with the words of the proof.
"""

import contextlib
import io
import os
import runpy
import sys
import traceback

folders = [os.path.abspath(folder) for folder in sys.argv[1:]]
own = tuple(os.path.join(folder, "") for folder in folders)
failed = []
for folder in folders:
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(own):
            del sys.modules[name]
    said, ended = io.StringIO(), None
    os.chdir(folder)
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(said):
            runpy.run_path("verify.py", run_name="__main__")
    except SystemExit as stop:
        ended = stop.code
    except Exception:
        ended = traceback.format_exc()
    sys.path.remove(folder)
    if ended:
        failed.append(folder)
        print(f"{folder}\n{said.getvalue()}{ended}\n")
print(f"{len(folders)} folders, {len(failed)} failed")
sys.exit(1 if failed else 0)
