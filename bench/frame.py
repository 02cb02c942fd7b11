"""The page's own floor: app.py with a view that draws nothing (`?view=nothing`)."""

import runpy
from pathlib import Path

from viz.page.scene import View
from viz.views import VIEWS

VIEWS["nothing"] = View("nothing", "Nothing", "Sentence, translation and switches alone.", lambda scene: None)
runpy.run_path(str(Path(__file__).parents[1] / "app.py"))
