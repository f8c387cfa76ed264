// A visit: how loud and how fast staff spoke, above who spoke when, with what was found as upright lines.
const numbers = JSON.parse(document.querySelector("#visit-curves").textContent);
const words = JSON.parse(document.querySelector("#visit-words").textContent);
const box = document.querySelector("#visit-chart");
const ROLES = ["staff", "visitor", "unknown"];
const LEFT = 64;
const RIGHT = 20;
let chart = null;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function clock(second) {
  const whole = Math.max(0, Math.floor(second));
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

function axis(at, label) {
  const ink = { color: colour("--quiet") };
  return {
    x: {
      type: "value", gridIndex: at, min: numbers.first, max: numbers.last,
      axisLabel: { ...ink, show: at === 2, formatter: clock, hideOverlap: true },
      axisLine: { onZero: false, lineStyle: ink }, axisTick: { show: at === 2 }, splitLine: { show: false },
    },
    y: {
      type: "value", gridIndex: at, name: label, nameLocation: "end", nameGap: 8, splitNumber: 3,
      nameTextStyle: { ...ink, align: "left" }, axisLabel: ink, splitLine: { lineStyle: { color: colour("--line") } },
    },
  };
}

// What was found, through one part of the picture; only the first part names it.
function marks(isNamed) {
  return {
    symbol: "none", silent: !isNamed, animation: false,
    data: numbers.marks.map((mark) => ({
      xAxis: Math.min(Math.max(mark.at, numbers.first), numbers.last), name: mark.name,
      lineStyle: { color: colour(mark.here ? "--bad" : "--warn"), width: mark.here ? 3 : 1.5, type: mark.here ? "solid" : "dashed" },
      label: { show: false },
      emphasis: { label: { show: isNamed, formatter: mark.name, color: colour("--ink"), backgroundColor: colour("--surface"), padding: 4, position: "insideEndTop" } },
    })),
  };
}

function curve(name, at, data, tone, usual) {
  const line = usual === null ? [] : [{ yAxis: usual, name: words.usual, lineStyle: { color: colour("--quiet"), type: "dotted", width: 1.5 }, label: { formatter: words.usual, color: colour("--quiet"), position: "insideEndTop" } }];
  const found = marks(at === 0);
  return {
    name, type: "line", xAxisIndex: at, yAxisIndex: at, data, connectNulls: false, symbol: "circle", symbolSize: 4,
    lineStyle: { width: 2 }, itemStyle: { color: colour(tone) }, markLine: { ...found, data: [...found.data, ...line] },
  };
}

// Who spoke when: a bar for each turn, a row for each side.
function turns() {
  const tones = { staff: colour("--series-1"), visitor: colour("--series-3"), unknown: colour("--calm") };
  return {
    name: words.turns, type: "custom", xAxisIndex: 2, yAxisIndex: 2, encode: { x: [0, 1], y: 2 }, clip: true,
    data: numbers.turns.map(([begin, end, role]) => [begin, end, ROLES.indexOf(role)]),
    renderItem: (_, api) => {
      const row = api.value(2);
      const from = api.coord([api.value(0), row]);
      const to = api.coord([api.value(1), row]);
      const high = api.size([0, 1])[1] * 0.6;
      return { type: "rect", shape: { x: from[0], y: from[1] - high / 2, width: Math.max(1, to[0] - from[0]), height: high }, style: { fill: tones[ROLES[row]] } };
    },
    markLine: marks(false), tooltip: { show: false },
  };
}

function option() {
  const ink = { color: colour("--quiet") };
  const level = numbers.level.length ? words.level : words.no_level;
  const parts = [axis(0, level), axis(1, numbers.pace.length ? words.pace : words.no_pace), axis(2, "")];
  const here = ROLES.filter((role) => role !== "unknown" || numbers.turns.some((turn) => turn[2] === role));
  parts[2].y = { type: "category", gridIndex: 2, data: here.map((role) => words[role]), axisLabel: ink, axisTick: { show: false }, axisLine: { lineStyle: ink }, inverse: true };
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: [{ left: LEFT, right: RIGHT, top: 30, height: 120 }, { left: LEFT, right: RIGHT, top: 190, height: 90 }, { left: LEFT, right: RIGHT, top: 310, height: 70 }],
    xAxis: parts.map((part) => part.x),
    yAxis: parts.map((part) => part.y),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    // As text of the canvas: the page's policy allows no styles within markup.
    tooltip: { trigger: "axis", renderMode: "richText", formatter: told },
    series: [
      curve(words.level, 0, numbers.level, "--series-1", numbers.level.length ? 0 : null),
      curve(words.pace, 1, numbers.pace, "--series-2", numbers.usual),
      turns(),
    ],
    aria: { enabled: true },
  };
}

function told(shown) {
  const values = [shown].flat().filter((one) => one.seriesType === "line" && one.value[1] !== null);
  if (!values.length) return "";
  return [clock(values[0].value[0]), ...values.map((one) => `${one.seriesName} ${one.value[1]}`)].join("\n");
}

function draw() {
  chart?.dispose();
  chart = window.echarts.init(box, null, { renderer: "canvas" });
  chart.setOption(option());
}

draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
addEventListener("resize", () => chart.resize());
