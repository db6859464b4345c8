(() => {
  const tip = document.getElementById("tip");
  const short = (v) => (v === null ? "–" : Math.abs(v) >= 1e5 || (v !== 0 && Math.abs(v) < 1e-3) ? v.toExponential(2) : +v.toPrecision(4) + "").replace("-", "−");
  const draw = (svg, name, attributes) => {
    const node = document.createElementNS(svg.namespaceURI, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    return svg.appendChild(node);
  };

  // The nearest point of each line, told beside the pointer.
  for (const svg of document.querySelectorAll("svg.chart")) {
    const chart = JSON.parse(svg.dataset.chart);
    const [left, top, width, height] = chart.box;
    const marks = draw(svg, "g", { "pointer-events": "none" });
    draw(svg, "rect", { x: left, y: top, width, height, fill: "transparent" });
    const hide = () => { marks.replaceChildren(); tip.hidden = true; };
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("pointermove", (event) => {
      const scale = svg.viewBox.baseVal.width / svg.getBoundingClientRect().width;
      const at = (event.clientX - svg.getBoundingClientRect().left) * scale;
      if (at < left - 8 || at > left + width + 8) return hide();
      const wanted = chart.x[0] + ((at - left) / width) * (chart.x[1] - chart.x[0]);
      let nearest = null;
      const points = chart.s.map((line) => {
        let best = 0;
        line.x.forEach((x, i) => { if (Math.abs(x - wanted) < Math.abs(line.x[best] - wanted)) best = i; });
        const point = { name: line.n, color: line.c, x: line.x[best], y: line.y[best] };
        if (nearest === null || Math.abs(point.x - wanted) < Math.abs(nearest - wanted)) nearest = point.x;
        return point;
      });
      const px = (x) => left + ((x - chart.x[0]) / (chart.x[1] - chart.x[0])) * width;
      const py = (y) => top + (1 - (y - chart.y[0]) / (chart.y[1] - chart.y[0])) * height;
      marks.replaceChildren();
      marks.appendChild(draw(svg, "line", { x1: px(nearest), x2: px(nearest), y1: top, y2: top + height, style: "stroke:var(--muted);stroke-opacity:.5" }));
      tip.replaceChildren();
      const head = document.createElement("span");
      head.textContent = chart.u.replace(/ \(.*/, "") + ": " + short(nearest);
      tip.append(head);
      for (const point of points) {
        // Lines sampled elsewhere (another phase's evaluations) are told only where they reach.
        if (point.y === null || Math.abs(px(point.x) - px(nearest)) > 30) continue;
        marks.appendChild(draw(svg, "circle", { cx: px(point.x), cy: py(point.y), r: 4, style: `fill:${point.color};stroke:var(--surface);stroke-width:1.5` }));
        const row = document.createElement("div"), dot = document.createElement("i"), value = document.createElement("b");
        dot.style.background = point.color;
        value.textContent = short(point.y);
        row.append(dot, point.name + "  ", value);
        tip.append(row);
      }
      tip.hidden = false;
      const x = event.clientX + 16, y = event.clientY + 14;
      tip.style.left = Math.max(4, x + tip.offsetWidth > innerWidth ? event.clientX - tip.offsetWidth - 12 : x) + "px";
      tip.style.top = Math.max(4, y + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 12 : y) + "px";
    });
  }

  // One class of the projection by itself.
  const scatter = document.querySelector("svg.scatter");
  let held = null;
  const single = (k) => {
    scatter.classList.toggle("single", k !== null);
    for (const dot of scatter.querySelectorAll("circle")) dot.classList.toggle("on", dot.dataset.k === k);
  };
  for (const button of document.querySelectorAll(".classes button")) {
    button.addEventListener("pointerenter", () => single(button.dataset.k));
    button.addEventListener("pointerleave", () => single(held));
    button.addEventListener("click", () => {
      held = held === button.dataset.k ? null : button.dataset.k;
      for (const other of document.querySelectorAll(".classes button")) other.classList.toggle("on", other.dataset.k === held);
      single(held);
    });
  }
})();
