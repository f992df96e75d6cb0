"""The explorer of the clusters in a real browser: by keyboard, search and map, on a phone, and with 5,000 clusters."""

import pytest
from browser import CHROMIUM, FLAGS
from many_clusters import many_clusters
from playwright.sync_api import sync_playwright

from pipelines.report import write_report
from pipelines.report.content import page_content
from pipelines.report.page import render_explorer
from pipelines.report.tables import read_month

ACTIVE = "document.activeElement.getAttribute('aria-label')"
SELECTED = "document.querySelector('#tree [aria-selected=true]')?.getAttribute('aria-label')"
PAINTED = "document.getElementById('map').toDataURL()"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: install one to check the explorer"),
]


@pytest.fixture(scope="module")
def folder(example_warehouse, tmp_path_factory):
    target = tmp_path_factory.mktemp("explorer")
    write_report(example_warehouse, target)
    tables = read_month(example_warehouse)
    big = render_explorer(page_content(tables), many_clusters(tables, 5_000))
    (target / "big.html").write_text(big, encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture
def opened(browser, folder):
    pages, said = [], []

    def open_page(name="explorer.html", *, width=1280, scheme="light", address="", touch=False):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, has_touch=touch, is_mobile=touch
        )
        page = context.new_page()
        pages.append(context)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(folder.as_uri()) else said.append(request.url)
        )
        page.goto((folder / name).as_uri() + address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in pages:
        context.close()
    assert said == []


def test_report_leads_to_the_explorer_and_back(opened):
    page = opened("index.html")
    page.goto(page.evaluate("document.querySelector('#clusters a[href=\"explorer.html\"]').href"))
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate("document.querySelector('.kicker a').getAttribute('href')") == "index.html#clusters"


def test_tree_is_walked_by_keyboard_and_enter_opens_the_detail(opened):
    page = opened()
    page.focus("#tree [tabindex='0']")
    assert page.evaluate(ACTIVE) == "Build and fix software, 41.0%, 2 below"
    for key in ("ArrowRight", "ArrowRight"):  # opens, then goes in
        page.keyboard.press(key)
    assert page.evaluate(ACTIVE) == "Debug programs in Python & <script>, 22.0%, 2 below"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(ACTIVE).startswith("Design web pages")
    page.keyboard.press("ArrowLeft")  # to the parent, then closes it
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    page.keyboard.press("End")
    assert page.evaluate(ACTIVE).startswith("Write and edit documents")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "detail"
    assert page.inner_text("#detail h2") == "Build and fix software"
    assert page.evaluate(SELECTED).startswith("Build and fix software")
    assert page.evaluate("document.querySelectorAll('#tree [tabindex=\"0\"]').length") == 1


def test_search_finds_names_and_descriptions_and_selects_in_the_tree(opened):
    page = opened()
    page.fill("#query", "meeting minut")
    assert page.inner_text("#found") == "1 cluster" or page.inner_text("#found") == "No clusters"
    page.fill("#query", "MINUTES meeting")
    assert page.inner_text("#found") == "1 cluster"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.inner_text("#detail h2") == "Summarise minutes of a meeting"
    page.keyboard.press("Escape")
    assert page.is_visible("#tree")
    assert page.evaluate(SELECTED).startswith("Summarise minutes of a meeting")
    page.fill("#query", "many words")  # of the descriptions
    assert page.inner_text("#found") == "9 clusters"
    page.fill("#query", "<script>")
    assert page.inner_text(".results .name") == "Debug programs in Python & <script>"


def test_facets_say_what_is_published_and_what_is_withheld(opened):
    page = opened(address="#cluster=base-2")
    assert page.inner_text("#detail h2") == "Name withheld"
    rows = page.evaluate("[...document.querySelectorAll('#detail .bars tr')].map((row) => row.innerText)")
    assert any("Directive" in row and "%" in row for row in rows)
    assert any("withheld" in row for row in rows)
    assert any("English" in row for row in rows)


def test_colouring_by_a_facet_changes_the_map_and_the_address(opened):
    page = opened("big.html")
    by_group = page.evaluate(PAINTED)
    page.select_option("#colour", "language")
    page.wait_for_timeout(100)
    assert page.evaluate(PAINTED) != by_group
    page.click("#legend button:has-text('Spanish')")
    assert "colour=language&value=es" in page.url
    assert page.get_attribute("#legend button:has-text('Spanish')", "aria-pressed") == "true"


def test_a_press_on_the_map_selects_in_the_tree_and_the_address_brings_it_back(opened):
    page = opened("big.html")
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    spot = page.evaluate(
        """() => {
          const canvas = document.getElementById('map');
          const box = canvas.getBoundingClientRect();
          for (let y = 60; y < box.height; y += 3) for (let x = 20; x < box.width; x += 3) {
            canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + x, clientY: box.top + y }));
            const tip = document.getElementById('tip');
            if (!tip.hidden) return [box.left + x, box.top + y, tip.firstChild.textContent];
          }
        }"""
    )
    page.mouse.click(spot[0], spot[1])
    assert page.inner_text("#detail h2") == spot[2]
    assert page.evaluate(SELECTED).startswith(spot[2])
    again = opened("big.html", address="#" + page.url.partition("#")[2])
    assert again.inner_text("#detail h2") == spot[2]
    assert again.evaluate(SELECTED) == page.evaluate(SELECTED)


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (360, "dark"), (1000, "light")])
def test_nothing_is_wider_than_the_screen(opened, width, scheme):
    page = opened("big.html", width=width, scheme=scheme, address="#cluster=b00003&colour=use_case")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#map").bounding_box()["width"] > 250
    assert page.locator("#detail .bars").first.bounding_box()["width"] > 250


def test_a_tap_on_a_phone_selects_and_shows_the_detail(opened):
    page = opened(width=390, touch=True)
    page.tap("#tree .line")
    assert page.inner_text("#detail h2") == "Build and fix software"
    box = page.locator("#map").bounding_box()
    page.touchscreen.tap(box["x"] + 5, box["y"] + 5)
    least = page.evaluate("Math.min(...[...document.querySelectorAll('#tree .line')].map((line) => line.offsetHeight))")
    assert least >= 36


def test_five_thousand_clusters_are_searched_and_walked(opened):
    page = opened("big.html")
    assert page.evaluate("document.querySelectorAll('#tree [role=treeitem]').length") == 12  # the rest when opened
    assert "125 withheld" in page.inner_text("#rest")
    page.fill("#query", "spreadsheet formulas")
    count = int(page.inner_text("#found").split()[0])
    assert 60 < count < 2_000
    assert page.locator("#results button").count() == 60
    page.fill("#query", "")
    page.focus("#tree [tabindex='0']")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert page.inner_text("#detail .crumbs").endswith("narrow")
    took = page.evaluate(
        "(() => { const start = performance.now(); const box = document.getElementById('query'); box.value = 'plan';"
        " box.dispatchEvent(new Event('input')); return performance.now() - start; })()"
    )
    assert took < 1_000  # a tenth of it is expected; 'tests/bench_explorer.py' measures


def test_without_javascript_it_is_a_table(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "explorer.html").as_uri())
    assert page.locator("table.plain tbody tr").count() == 10
    assert "Debug programs in Python & <script>" in page.inner_text("table.plain")
    assert not page.is_visible("#app")
    context.close()


def test_print_has_tree_map_and_detail_without_the_tools(opened):
    page = opened(address="#cluster=mid-1")
    page.emulate_media(media="print")
    assert page.is_visible("#tree")
    assert page.is_visible("#map")
    assert page.is_visible("#detail .bars")
    assert not page.is_visible("#query")
    assert page.pdf(format="A4").startswith(b"%PDF")
