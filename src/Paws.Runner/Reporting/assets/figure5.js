"use strict";
// The arithmetic: equations of section 3, as src/Paws.Model/SoftNearestNeighbours.fs and Sharpening.fs have them.
const unit = ([x, y]) => { const n = Math.max(Math.hypot(x, y), 1e-12); return [x / n, y / n]; };
const weigh = (supports, query, tau) => {
  const q = unit(query);
  const logits = supports.map((s) => { const u = unit(s); return (u[0] * q[0] + u[1] * q[1]) / tau; });
  const largest = Math.max(...logits);
  const powers = logits.map((l) => Math.exp(l - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
};
const predict = (supports, classes, query, tau) => {
  const pi = new Array(classes).fill(0);
  weigh(supports, query, tau).forEach((w, i) => { pi[supports[i][2]] += w; });
  return pi;
};
const sharpen = (pi, temperature) => {
  const largest = Math.max(...pi);
  const powers = pi.map((p) => Math.pow(p / largest, 1 / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
};

// The same by the library, for queries that it was asked for when this page was written.
const check = document.getElementById("check");
const difference = (a, b) => Math.max(...a.map((v, i) => Math.abs(v - b[i])));
const worst = Math.max(...data.samples.map((s) => {
  const pi = predict(s.supports, s.classes, s.query, s.tau);
  return Math.max(difference(pi, s.prediction), difference(sharpen(pi, s.sharpen), s.sharpened));
}));
const agrees = worst < 1e-9; // false for NaN too
check.textContent = `checked against the library: ${data.samples.length} queries, max difference ${worst.toExponential(0)}` + (agrees ? "" : " — this page computes something else");
check.classList.toggle("wrong", !agrees);

const at = (id) => document.getElementById(id);
const plane = at("plane"), wedges = 180, reach = 1.55;
const letter = (k) => String.fromCharCode(65 + k);
const percent = (v) => (100 * v).toFixed(1) + " %";
const fresh = (classes) => data.begin[classes - 2].map((s) => [...s]);
let classes = 3, supports = fresh(classes), query = [-0.06, 1.2], tau = 0.1, temperature = 0.25;

const node = (name, attributes, parent) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  return parent.appendChild(made);
};
const map = node("g", { "aria-hidden": "true" }, plane), lines = node("g", { "aria-hidden": "true" }, plane);
const slices = Array.from({ length: wedges }, (_, i) => {
  const corner = (j) => { const a = (j * 2 * Math.PI) / wedges; return `${reach * Math.cos(a)},${-reach * Math.sin(a)}`; };
  return node("polygon", { points: `0,0 ${corner(i)} ${corner(i + 1.3)}` }, map);
});
node("circle", { class: "circle", r: 1 }, plane);
const points = node("g", {}, plane);

// A point that can be taken with mouse, finger or keys; move tells where it went.
const point = (kind, name, color, read, write) => {
  const group = node("g", { class: "point " + kind, tabindex: 0, role: "button" }, points);
  node("circle", { class: "grip", r: 0.16 }, group);
  node("circle", { class: "dot", r: kind === "query" ? 0.085 : 0.07, style: color ? `stroke:${color}` : "" }, group);
  node("text", { y: 0.03 }, group).textContent = kind === "query" ? "q" : name;
  const place = () => {
    const [x, y] = read();
    group.setAttribute("transform", `translate(${x} ${-y})`);
    group.setAttribute("aria-label", `${kind === "query" ? "query" : "support of class " + name} at ${x.toFixed(2)}, ${y.toFixed(2)}; arrow keys move it`);
  };
  const move = (x, y) => {
    const fit = (v) => Math.min(1.5, Math.max(-1.5, v));
    write(fit(x), fit(y));
    place();
    draw();
  };
  group.addEventListener("pointerdown", (event) => { group.setPointerCapture(event.pointerId); group.classList.add("held"); event.preventDefault(); group.focus({ focusVisible: false }); });
  group.addEventListener("pointermove", (event) => {
    if (!group.hasPointerCapture(event.pointerId)) return;
    const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(plane.getScreenCTM().inverse());
    move(p.x, -p.y);
  });
  for (const end of ["pointerup", "pointercancel"]) group.addEventListener(end, () => group.classList.remove("held"));
  group.addEventListener("keydown", (event) => {
    const by = event.shiftKey ? 0.01 : 0.05, [x, y] = read();
    const to = { ArrowLeft: [x - by, y], ArrowRight: [x + by, y], ArrowUp: [x, y + by], ArrowDown: [x, y - by] }[event.key];
    if (to) { event.preventDefault(); move(...to); }
  });
  place();
};

const bars = (id, values) => {
  const most = values.indexOf(Math.max(...values));
  at(id).replaceChildren(...values.map((v, k) => {
    const row = document.createElement("div"), name = document.createElement("em"), track = document.createElement("span"), fill = document.createElement("i"), number = document.createElement("b");
    row.classList.toggle("most", k === most);
    name.textContent = letter(k);
    fill.style.cssText = `width:${100 * v}%;background:${data.colors[k]}`;
    number.textContent = percent(v);
    track.append(fill);
    row.append(name, track, number);
    return row;
  }));
};

const draw = () => {
  const weights = weigh(supports, query, tau), pi = predict(supports, classes, query, tau), rho = sharpen(pi, temperature);
  slices.forEach((slice, i) => {
    const a = ((i + 0.5) * 2 * Math.PI) / wedges, here = predict(supports, classes, [Math.cos(a), Math.sin(a)], tau), most = Math.max(...here);
    slice.style.cssText = `fill:color-mix(in srgb, ${data.colors[here.indexOf(most)]} ${(45 * (most - 1 / classes)) / (1 - 1 / classes)}%, var(--surface))`;
  });
  lines.replaceChildren();
  const q = unit(query);
  node("line", { class: "spoke", x1: 0, y1: 0, x2: q[0] * Math.max(1, Math.hypot(...query)), y2: -q[1] * Math.max(1, Math.hypot(...query)) }, lines);
  supports.forEach((s, i) => {
    node("line", { x1: query[0], y1: -query[1], x2: s[0], y2: -s[1], style: `stroke:${data.colors[s[2]]};stroke-width:${0.006 + 0.09 * weights[i]};stroke-opacity:${0.25 + 0.75 * weights[i]}` }, lines);
  });
  // Numbers last, and away from the centre, so that lines and dots do not cover them.
  supports.forEach((s, i) => {
    if (weights[i] < 0.005) return;
    const u = unit(s), out = Math.hypot(s[0], s[1]) + 0.17;
    node("text", { class: "weight", x: Math.min(1.45, Math.max(-1.45, u[0] * out)), y: Math.min(1.55, Math.max(-1.5, -u[1] * out + 0.025)) }, lines).textContent = Math.round(100 * weights[i]) + " %";
  });
  bars("pi", pi);
  bars("rho", rho);
  const best = pi.indexOf(Math.max(...pi));
  at("told").textContent = `Class ${letter(best)}: ${percent(pi[best])}, sharpened ${percent(rho[best])}.`;
};

const counts = () => {
  at("counts").replaceChildren(...Array.from({ length: classes }, (_, k) => {
    const mine = supports.filter((s) => s[2] === k).length, row = document.createElement("div");
    const button = (text, label, off, act) => {
      const b = document.createElement("button");
      b.type = "button"; b.textContent = text; b.disabled = off; b.setAttribute("aria-label", label);
      b.addEventListener("click", () => { act(); build(); const again = at("counts").children[k].querySelector(`[aria-label="${label}"]`); if (!again.disabled) again.focus(); });
      return b;
    };
    const less = button("−", `one support less of class ${letter(k)}`, mine <= 1, () => supports.splice(supports.findLastIndex((s) => s[2] === k), 1));
    const more = button("+", `one support more of class ${letter(k)}`, mine >= 8, () => {
      const last = supports.findLast((s) => s[2] === k), a = Math.atan2(last[1], last[0]) + 0.16;
      supports.push([Math.cos(a), Math.sin(a), k]);
    });
    row.append(letter(k), less, String(mine), more);
    return row;
  }));
};

// Points anew: their number has changed.
const build = () => {
  points.replaceChildren();
  supports.forEach((s) => point("support", letter(s[2]), data.colors[s[2]], () => s, (x, y) => { s[0] = x; s[1] = y; }));
  point("query", "q", null, () => query, (x, y) => { query = [x, y]; });
  counts();
  draw();
};
const settings = () => {
  tau = 10 ** +at("tau").value;
  temperature = +at("sharpen").value;
  at("tau-value").textContent = tau.toPrecision(2);
  at("sharpen-value").textContent = temperature.toFixed(2);
  at("classes-value").textContent = classes;
};
for (const id of ["tau", "sharpen"]) at(id).addEventListener("input", () => { settings(); draw(); });
const restart = () => { classes = +at("classes").value; supports = fresh(classes); settings(); build(); };
at("classes").addEventListener("input", restart);
at("again").addEventListener("click", () => { query = [-0.06, 1.2]; at("tau").value = -1; at("sharpen").value = 0.25; restart(); });
restart();
