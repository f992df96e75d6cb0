"""How fast the explorer is in headless Chromium: `python tests/bench_explorer.py [CLUSTERS]` prints JSON lines."""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from browser import CHROMIUM, FLAGS
from many_clusters import many_clusters
from playwright.sync_api import Page, sync_playwright
from published_example import write_example

from pipelines.report.content import page_content
from pipelines.report.page import render_explorer
from pipelines.report.tables import read_month
from pipelines.warehouse import build_warehouse

TYPE = """async (text) => {
  const [box, times] = [document.getElementById("query"), []];
  for (let n = 1; n <= text.length; n += 1) {
    const start = performance.now();
    box.value = text.slice(0, n);
    box.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - start);
  }
  box.value = "";
  box.dispatchEvent(new Event("input"));
  return times;
}"""
MOVE = """async (frames) => {
  const [canvas, times] = [document.getElementById("map"), []];
  const box = canvas.getBoundingClientRect();
  for (let n = 0; n < frames; n += 1) {
    const start = performance.now();
    canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: n % 20 < 10 ? -60 : 60, cancelable: true, bubbles: true,
      clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times.push(performance.now() - start);
  }
  return times;
}"""


def measured(page: Page, address: str) -> dict[str, float]:
    """Milliseconds until the page answers, per key of a search, per frame of a zoom; the slowest and the middle."""
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    keys = page.evaluate(TYPE, "debug spreadsheet formulas")
    frames = page.evaluate(MOVE, 60)
    return {
        "ready_ms": round(ready), "key_median_ms": round(statistics.median(keys), 1), "key_max_ms": round(max(keys), 1),
        "frame_median_ms": round(statistics.median(frames), 1), "frame_max_ms": round(max(frames), 1),
    }  # fmt: skip


def main(count: int) -> None:
    """Measure the page with so many clusters at the width of a desk and of a phone."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build_warehouse(write_example(root / "vintages"), root / "index.duckdb")
        tables = read_month(root / "index.duckdb")
        text = render_explorer(page_content(tables), many_clusters(tables, count))
        (root / "explorer.html").write_text(text, encoding="utf-8")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
            for width in (1280, 390):
                page = browser.new_page(viewport={"width": width, "height": 900})
                found = {"clusters": count, "bytes": len(text.encode()), "width": width}
                found |= measured(page, (root / "explorer.html").as_uri())
                sys.stdout.write(json.dumps(found) + "\n")
            browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
