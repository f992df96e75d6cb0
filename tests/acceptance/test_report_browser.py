"""The report in a real browser: no errors, nothing from the network, readable on a phone, in the dark and in print."""

import pytest
from browser import CHROMIUM, FLAGS
from playwright.sync_api import sync_playwright

from pipelines.report import write_report

# Contrast of every visible text against its background, by the formula of WCAG 2.1; large text needs less.
LOW_CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a === 1 && r !== undefined) return [r, g, b];
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("p,dt,dd,th,td,a,h1,h2,caption,figcaption,summary,span.size,span.name,code")]
    .filter((element) => element.offsetParent && element.textContent.trim() && !element.matches(".skip,.hidden"))
    .map((element) => {
      const [one, two] = [parse(getComputedStyle(element).color), ground(element)].map(light).sort((a, b) => b - a);
      const large = parseFloat(getComputedStyle(element).fontSize) >= 24;
      return { text: element.textContent.slice(0, 30), ratio: (one + 0.05) / (two + 0.05), least: large ? 3 : 4.5 };
    })
    .filter(({ ratio, least }) => ratio < least);
}"""
PLOT_TEXT_CONTRAST = """() => {
  const hex = (text) => (text.match(/[\\d.]+/g) || []).slice(0, 3).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = light(hex(getComputedStyle(document.body).backgroundColor));
  return Math.min(...[...document.querySelectorAll("#figure-groups text")].map((text) => {
    const [one, two] = [light(hex(getComputedStyle(text).fill)), paper].sort((a, b) => b - a);
    return (one + 0.05) / (two + 0.05);
  }));
}"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on the path: install one to check the report in a browser"
    ),
]


@pytest.fixture(scope="module")
def address(example_warehouse, tmp_path_factory):
    target = tmp_path_factory.mktemp("report")
    write_report(example_warehouse, target)
    return (target / "index.html").as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=CHROMIUM, headless=True, args=list(FLAGS)
        )
        yield context
        context.close()


def opened(browser, address, *, width=1280, scheme="light"):
    page = browser.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    return page, said, asked


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (360, "dark")])
def test_page_opens_clean_at_every_width_and_scheme(browser, address, width, scheme):
    page, said, asked = opened(browser, address, width=width, scheme=scheme)
    assert said == []
    assert asked == [address]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('svg'))")
    assert page.evaluate(LOW_CONTRAST) == []
    assert page.evaluate(PLOT_TEXT_CONTRAST) >= 4.5
    page.close()


def test_no_plot_is_wider_than_its_place_after_the_window_shrinks(browser, address):
    page, said, _ = opened(browser, address)
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_function("document.querySelector('.plot .main-svg').clientWidth < 400")
    widths = page.evaluate("[...document.querySelectorAll('.plot .main-svg')].map((plot) => plot.clientWidth)")
    assert max(widths) <= 400
    assert said == []
    page.close()


def test_labels_stay_inside_the_plot_on_a_phone(browser, address):
    page, _, _ = opened(browser, address, width=360)
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.plot')].flatMap((plot) => {
          const box = plot.getBoundingClientRect();
          return [...plot.querySelectorAll('text')].filter((text) => text.textContent.trim()).filter((text) => {
            const own = text.getBoundingClientRect();
            return own.width && (own.left < box.left - 2 || own.right > box.right + 2);
          }).map((text) => `${plot.id}: ${text.textContent}`);
        })"""
    )
    assert outside == []
    page.close()


def test_tree_and_numbers_open_by_keyboard(browser, address):
    page, _, _ = opened(browser, address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for selector in (".tree summary", ".numbers summary"):
        page.locator(selector).first.focus()
        page.keyboard.press("Enter")
        assert page.evaluate(f"document.querySelector('{selector}').parentElement.open")
    page.close()


def test_print_opens_the_tree_and_keeps_the_plots(browser, address):
    page, said, _ = opened(browser, address)
    content = page.pdf(format="A4")
    assert content.startswith(b"%PDF")
    assert len(content) > 50_000
    page.set_viewport_size({"width": 718, "height": 1000})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    assert page.evaluate("[...document.querySelectorAll('.tree details')].every((item) => item.open)")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate("[...document.querySelectorAll('.tree details')].some((item) => item.open)")
    assert said == []
    page.close()
