"use strict";
(() => {
  const tokens = JSON.parse(document.getElementById("tokens").textContent);
  const plots = [...document.querySelectorAll(".plot")].map((element) => ({
    element,
    source: document.getElementById(element.id.replace("figure-", "data-")).textContent,
  }));
  const config = { displayModeBar: false, scrollZoom: false, doubleClick: false, showTips: false };
  const narrow = 560;

  function coloured(text) {
    const style = getComputedStyle(document.documentElement);
    return Object.entries(tokens).reduce(
      (done, [name, colour]) => done.replaceAll(colour, style.getPropertyValue(name).trim()), text);
  }

  function assign(target, path, value) {
    const keys = path.split(".");
    const last = keys.pop();
    keys.reduce((inner, key) => (inner[key] ??= {}), target)[last] = value;
  }

  // On paper always the light colours, whatever the reader's scheme.
  function draw(width, isPaper = false) {
    for (const { element, source } of plots) {
      const { data, layout, compact } = JSON.parse(isPaper ? source : coloured(source));
      const room = width || element.clientWidth;
      if (room < narrow) {
        for (const [path, value] of Object.entries(compact)) assign(layout, path, value);
      }
      element.style.minHeight = `${layout.height}px`;
      Plotly.react(element, data, { ...layout, width: room }, config);
    }
  }

  let drawn = 0;
  function drawAgain() {
    const width = document.documentElement.clientWidth;
    if (width !== drawn) {
      drawn = width;
      draw();
    }
  }

  const tree = document.querySelector(".tree");
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = tree ? [...tree.querySelectorAll("details:not([open])")] : [];
    for (const item of opened) item.open = true;
    draw(690, true);
  });
  addEventListener("afterprint", () => {
    for (const item of opened) item.open = false;
    draw();
  });
  addEventListener("resize", () => requestAnimationFrame(drawAgain));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  drawAgain();
  document.documentElement.dataset.ready = "true";
})();
