"""The tour notebook runs from top to bottom on a warehouse and only reads it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "index_tour.ipynb"
# In a process of its own: a kernel client leaves sockets to the garbage collector, and here warnings are errors.
# The kernel is the interpreter that runs the test, whatever kernels are installed.
EXECUTE = """
import sys
import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

class OwnKernelManager(AsyncKernelManager):
    @property
    def kernel_spec(self):
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="own", language="python")

source, target, folder = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
NotebookClient(notebook, km=OwnKernelManager(), timeout=120, resources={"metadata": {"path": folder}}).execute()
nbformat.write(notebook, target)
"""


def test_the_tour_runs_and_leaves_the_file_as_it_was(example_warehouse, tmp_path):
    warehouse, done = tmp_path / "index.duckdb", tmp_path / "done.ipynb"
    shutil.copyfile(example_warehouse, warehouse)
    before = warehouse.read_bytes()
    result = subprocess.run(
        [sys.executable, "-c", EXECUTE, str(NOTEBOOK), str(done), str(NOTEBOOK.parents[1])],
        env={**os.environ, "USAGE_INDEX_WAREHOUSE": str(warehouse), "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert warehouse.read_bytes() == before
    cells = nbformat.read(done, as_version=4).cells
    shown = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    assert len([output for output in shown if output.output_type == "execute_result"]) >= 12
    assert not [output for output in shown if output.output_type == "stream" and output.name == "stderr"]
    assert any("Computer and Mathematical" in str(output) for output in shown)


def test_the_committed_notebook_has_no_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}
