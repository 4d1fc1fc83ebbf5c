#include "report/page/html.h"

namespace octet {

std::string_view microscope_script() {
  return R"js(
// The grid that the reader moves: the section of the microscope (report/run/sections/microscope.cpp).
const liveGrid = document.getElementById("live-grid");
if (liveGrid) {
  const at = (id) => document.getElementById("live-" + id);
  const kBlock = 32, kScaleBits = 16;  // weights that share a scale, bits of a scale

  const readMatrix = (option) => {
    const bytes = Uint8Array.from(atob(option.dataset.weights), (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer), max = Number(option.dataset.max);
    const weights = new Float64Array(bytes.length / 2);
    for (let i = 0; i < weights.length; ++i) weights[i] = view.getInt16(2 * i, true) / 32767 * max;
    return {weights, max, columns: Number(option.dataset.columns), rowMax: option.dataset.rowMax.split(" ").map(Number)};
  };
  const matrices = [...at("matrix").options].map(readMatrix);

  // The largest magnitude that each weight shares a scale with.
  const reachOf = (matrix, scope) => {
    const {weights, max, columns, rowMax} = matrix;
    if (scope === "tensor") return new Float64Array(weights.length).fill(max);
    if (scope === "row") return weights.map((_, i) => rowMax[Math.floor(i / columns)]);
    const reach = new Float64Array(weights.length);
    for (let row = 0; row < weights.length; row += columns) {
      for (let begin = 0; begin < columns; begin += kBlock) {
        const from = row + begin, to = row + Math.min(begin + kBlock, columns);
        reach.fill(Math.max(...weights.subarray(from, to).map(Math.abs)), from, to);
      }
    }
    return reach;
  };

  // A symmetric grid of 2^bits - 1 levels from -clip * reach to clip * reach.
  const quantize = (weights, reach, bits, clip) => {
    const top = 2 ** (bits - 1) - 1, counts = new Array(2 * top + 1).fill(0);
    let noise = 0, signal = 0, clipped = 0;
    for (let i = 0; i < weights.length; ++i) {
      const step = reach[i] * clip / top;
      const code = step > 0 ? Math.max(-top, Math.min(top, Math.round(weights[i] / step))) : 0;
      if (Math.abs(weights[i]) > step * (top + 0.5)) ++clipped;
      ++counts[code + top];
      noise += (weights[i] - code * step) ** 2;
      signal += weights[i] ** 2;
    }
    const entropy = counts.reduce((sum, n) => n ? sum - n / weights.length * Math.log2(n / weights.length) : sum, 0);
    return {top, counts, entropy, mse: noise / signal, clipped: clipped / weights.length};
  };

  const decibels = (mse) => (-10 * Math.log10(mse)).toFixed(1) + " dB";
  const draw = (svg, name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    svg.append(element);
  };

  const kLeft = 50, kRight = 700, kTop = 14, kBottom = 200;
  const drawAxes = (svg, label) => {
    svg.replaceChildren();
    draw(svg, "line", {x1: kLeft, x2: kRight, y1: kBottom, y2: kBottom, class: "axis"});
    draw(svg, "text", {x: (kLeft + kRight) / 2, y: 227, class: "middle"}, label);
  };

  const drawWeights = (matrix, reach, result, clip) => {
    const svg = at("weights"), kBins = 101;
    const x = (weight) => (kLeft + kRight) / 2 + (kRight - kLeft) / 2.06 * weight / matrix.max;
    drawAxes(svg, "weight");
    const bins = new Array(kBins).fill(0);
    for (const w of matrix.weights) ++bins[Math.min(kBins - 1, Math.floor((w / matrix.max + 1) / 2 * kBins))];
    const tallest = Math.log(1 + Math.max(...bins)), width = (x(matrix.max) - x(-matrix.max)) / kBins;
    bins.forEach((count, bin) => {
      const height = (kBottom - kTop) * Math.log(1 + count) / tallest;
      draw(svg, "rect", {x: x(-matrix.max) + bin * width, y: kBottom - height, width: 0.9 * width, height, class: "column"});
    });
    const typical = [...reach].sort((a, b) => a - b)[reach.length >> 1] * clip;
    result.counts.forEach((count, i) => {
      const place = x((i - result.top) / result.top * typical);
      draw(svg, "line", {x1: place, x2: place, y1: kTop, y2: kBottom, class: count > 0 ? "level" : "level wasted"});
    });
    for (const share of [-1, -0.5, 0, 0.5, 1]) {
      draw(svg, "text", {x: x(share * matrix.max), y: 213, class: "middle small"}, (share * matrix.max).toPrecision(2));
    }
  };

  const drawErrors = (curve, now, bits) => {
    const svg = at("errors"), least = 4 ** -bits;
    const low = Math.log10(Math.min(least, ...curve.map((point) => point.mse))) - 0.2;
    const x = (clip) => kLeft + (kRight - kLeft) * clip;
    const y = (mse) => kTop + (kBottom - kTop) * Math.log10(mse) / low;
    drawAxes(svg, "clip, in percent of the largest weight");
    draw(svg, "line", {x1: kLeft, x2: kRight, y1: y(least), y2: y(least), class: "bound"});
    draw(svg, "text", {x: kLeft + 6, y: y(least) - 5, class: "small"}, "least of any code for normal values (Shannon)");
    draw(svg, "polyline", {points: curve.map((point) => x(point.clip) + "," + y(point.mse)).join(" "), class: "curve"});
    draw(svg, "circle", {cx: x(now.clip), cy: y(now.mse), r: 6, class: "now"});
    for (let power = 0; power > low; power -= low < -4 ? 2 : 1) {
      draw(svg, "text", {x: kLeft - 6, y: y(10 ** power) + 4, class: "end small"}, "1e" + power);
    }
    for (const share of [0.2, 0.4, 0.6, 0.8, 1]) draw(svg, "text", {x: x(share), y: 213, class: "middle small"}, 100 * share);
  };

  const show = () => {
    const matrix = matrices[at("matrix").selectedIndex], scope = at("scope").value;
    const bits = Number(at("bits").value), clip = Number(at("clip").value) / 100;
    const reach = reachOf(matrix, scope);
    const result = quantize(matrix.weights, reach, bits, clip);
    const curve = [];
    for (let share = 0.04; share < 1.001; share += 0.04) {
      curve.push({clip: share, mse: quantize(matrix.weights, reach, bits, share).mse});
    }
    const stored = bits + kScaleBits * (scope === "row" ? 1 / matrix.columns : scope === "block" ? 1 / kBlock : 0);
    drawWeights(matrix, reach, result, clip);
    drawErrors(curve, {clip, mse: result.mse}, stored);
    const best = curve.reduce((a, b) => b.mse < a.mse ? b : a);
    const used = result.counts.filter((count) => count > 0).length;
    at("bits-value").textContent = bits;
    at("clip-value").textContent = Math.round(100 * clip) + " %";
    at("readout").textContent = "SNR " + decibels(result.mse) + " (best clip: " + Math.round(100 * best.clip) + " %, " +
        decibels(best.mse) + "; Shannon's bound: " + decibels(4 ** -stored) + "). " + used + " of " +
        result.counts.length + " levels used, codes carry " + result.entropy.toFixed(2) + " of " + bits + " bits. " +
        (100 * result.clipped).toFixed(2) + " % clipped.";
  };
  for (const id of ["matrix", "scope", "bits", "clip"]) at(id).addEventListener("input", show);
  show();
  liveGrid.hidden = false;
}
)js";
}

}  // namespace octet
