// The charts of a page, from the numbers that it holds; colours are those of hub.css, and follow light and dark.
const numbers = JSON.parse(document.querySelector("#charts").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
let drawn = [];

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function common(days, unit) {
  const ink = { color: colour("--quiet") };
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 44, right: 16, top: 36, bottom: 28 },
    legend: { top: 0, textStyle: ink },
    // As text of the canvas: the page's policy allows no styles within markup.
    tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: { type: "category", data: days.map((day) => day.slice(5)), axisLabel: ink, axisLine: { lineStyle: ink } },
    yAxis: { type: "value", axisLabel: { ...ink, formatter: `{value}${unit}` }, splitLine: { lineStyle: { color: colour("--line") } } },
    aria: { enabled: true },
  };
}

function severity() {
  // Dark to light, so that the order shows without colour as well.
  const colours = ["--bad", "--series-6", "--series-5"].map(colour);
  return {
    ...common(numbers.days, ""),
    color: colours,
    series: numbers.severity.map((one) => ({ ...one, type: "bar", stack: "all" })),
  };
}

function rate() {
  const { days, name, data, low, high } = numbers.rate;
  const band = { type: "line", stack: "interval", symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
  return {
    ...common(days, ""),
    legend: { show: false },
    color: [colour("--series-1")],
    series: [
      { ...band, data: low },
      { ...band, data: high.map((value, at) => (value === null ? null : value - low[at])), areaStyle: { color: colour("--series-5"), opacity: 0.3 } },
      { name, type: "line", data, symbolSize: 5 },
    ],
  };
}

function courtesy() {
  const { days, name, data } = numbers.courtesy;
  const made = common(days, " %");
  return { ...made, legend: { show: false }, color: [colour("--series-3")], yAxis: { ...made.yAxis, max: 100 }, series: [{ name, type: "line", data, symbolSize: 5 }] };
}

function bars(labels, { name, data }) {
  return {
    ...common(labels, ""),
    legend: { show: false },
    color: [colour("--series-2")],
    series: [{ name, type: "bar", data }],
  };
}

function visits() {
  return bars(numbers.visits.days, numbers.visits);
}

function told() {
  const { days, names, data } = numbers.told;
  // Lines that differ in their signs as well as in colour.
  const signs = ["circle", "rect", "triangle"];
  return {
    ...common(days, ""),
    color: ["--series-1", "--series-3", "--series-4"].map(colour),
    series: names.map((name, at) => ({ name, type: "line", data: data[at], symbol: signs[at], symbolSize: 6 })),
  };
}

function hours() {
  const made = bars([], numbers.hours);
  return { ...made, xAxis: { ...made.xAxis, data: numbers.hours.hours.map((hour) => `${hour}:00`) } };
}

function draw() {
  drawn.forEach((chart) => chart.dispose());
  drawn = Object.entries({ severity, rate, courtesy, visits, told, hours }).map(([name, make]) => {
    const chart = window.echarts.init(document.querySelector(`#chart-${name}`), null, { renderer: "canvas" });
    chart.setOption(make());
    return chart;
  });
}

draw();
dark.addEventListener("change", draw);
addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
