# SPDX-License-Identifier: Apache-2.0
"""check_chart.py CHART OUTPUT: checks a chart with all of its values files. Writes the rendered objects into OUTPUT. Prints the failures."""
import pathlib
import sys
import tempfile

from chart import Chart, Refused

with tempfile.TemporaryDirectory() as work:
    chart = Chart(pathlib.Path(sys.argv[1]), pathlib.Path(work), pathlib.Path(sys.argv[2]))
    for check in chart.links, chart.matrix, chart.several_files, chart.subchart, chart.collisions, chart.particulars:
        try:
            check()
        except (Refused, StopIteration) as error:
            chart.problems.append(f"{check.__name__}: {error!r}")
for problem in dict.fromkeys(chart.problems):
    print(problem)
sys.exit(1 if chart.problems else 0)
