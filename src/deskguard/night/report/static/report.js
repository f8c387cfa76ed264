// report.html: draws the plots, filters the evidence, lets one clip play at a time. Nothing here is needed to read.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // Plots
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const family = getComputedStyle(document.body).fontFamily;
  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

  const frame = () => ({
    animation: false,
    // The page names the plot and has its table; patterns tell what colours may not.
    aria: { enabled: true, label: { enabled: false }, decal: { show: false } },
    textStyle: { fontFamily: family, color: colour("ink") },
    grid: { left: 8, right: 24, top: 36, bottom: 8, containLabel: true },
    // Drawn on the canvas: no text of ours ever becomes markup.
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: colour("surface"), borderColor: colour("line"),
      textStyle: { color: colour("ink"), fontFamily: family, fontSize: 13 },
    },
    legend: { top: 0, left: 0, textStyle: { color: colour("ink") }, itemGap: 16 },
  });
  const axis = (more) => ({
    axisLine: { lineStyle: { color: colour("soft") } },
    axisTick: { lineStyle: { color: colour("soft") } },
    axisLabel: { color: colour("ink"), fontFamily: family },
    nameTextStyle: { color: colour("soft") },
    splitLine: { lineStyle: { color: colour("line") } },
    ...more,
  });
  const names = (plot) => axis({
    type: "category", data: plot.rows.map((row) => row[0]), inverse: true,
    axisLabel: { color: colour("ink"), fontFamily: family, interval: 0, formatter: (name) => cut(name, 16) },
  });
  const tip = (row) => fill(words.tip, { name: row[0], value: row[1], low: row[2], high: row[3], count: row[4] }) +
    (row[5] === words.small ? `\n${words.small}` : "");

  // A rate as a point with its interval: a bar would say that what lies below is sure.
  const whisker = (params, api) => {
    const [low, high] = [api.coord([api.value(1), api.value(0)]), api.coord([api.value(2), api.value(0)])];
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: colour("plot-1"), lineWidth: 2 } });
    return {
      type: "group",
      children: [
        line(low[0], low[1], high[0], high[1]),
        line(low[0], low[1] - 5, low[0], low[1] + 5),
        line(high[0], high[1] - 5, high[0], high[1] + 5),
      ],
    };
  };
  const rates = (plot) => {
    const known = plot.rows.map((row, at) => [at, row]).filter(([, row]) => row[1] !== null);
    return {
      ...frame(),
      tooltip: { ...frame().tooltip, trigger: "item", formatter: (one) => tip(plot.rows[one.data[3]]) },
      xAxis: axis({ type: "value", min: 0 }),
      yAxis: names(plot),
      series: [
        {
          type: "custom", name: words.interval, renderItem: whisker, color: colour("plot-1"), encode: { x: [1, 2], y: 0 },
          data: known.map(([at, row]) => [at, row[2], row[3], at]),
        },
        {
          type: "custom", name: plot.headings[1], color: colour("plot-2"), encode: { x: 1, y: 0 },
          renderItem: (params, api) => {
            const [x, y] = api.coord([api.value(1), api.value(0)]);
            return { type: "circle", shape: { cx: x, cy: y, r: 6 }, style: { fill: colour("plot-2"), stroke: colour("ink"), lineWidth: 1 } };
          },
          data: known.map(([at, row]) => [at, row[1], 0, at]),
        },
      ],
    };
  };
  const trend = (plot) => {
    const column = (at) => plot.rows.map((row) => row[at]);
    const band = { type: "line", stack: "band", symbol: "none", lineStyle: { opacity: 0 }, silent: true };
    const width = plot.rows.map((row) => (row[3] === null ? null : Math.max(0, row[3] - row[2])));
    return {
      ...frame(),
      legend: { ...frame().legend, data: [{ name: plot.headings[1] }, { name: words.interval, itemStyle: { color: colour("band"), borderColor: colour("plot-1") } }] },
      tooltip: { ...frame().tooltip, trigger: "axis", formatter: (all) => tip(plot.rows[all[0].dataIndex]) },
      xAxis: axis({
        type: "category", data: column(0),
        axisLabel: { color: colour("ink"), fontFamily: family, hideOverlap: true },
      }),
      yAxis: axis({ type: "value", min: 0 }),
      series: [
        { ...band, name: "low", data: column(2) },
        { ...band, name: words.interval, data: width, areaStyle: { color: colour("band"), opacity: 1 }, color: colour("band"), symbol: plot.rows.length < 2 ? "none" : undefined, showSymbol: false },
        {
          type: "line", name: plot.headings[1], data: column(1), color: colour("plot-1"), symbol: "circle", symbolSize: 8,
          lineStyle: { width: 3 }, z: 5,
        },
      ],
    };
  };
  const stack = (plot) => ({
    ...frame(),
    aria: { ...frame().aria, decal: { show: true } },
    tooltip: { ...frame().tooltip, trigger: "axis", axisPointer: { type: "shadow" } },
    xAxis: axis({ type: "value", min: 0, minInterval: plot.id === "items" ? 1 : 0 }),
    yAxis: names(plot),
    series: plot.headings.slice(1).map((name, at) => ({
      type: "bar", stack: "all", name, data: plot.rows.map((row) => row[at + 1]), barMaxWidth: 22,
      color: colour(`plot-${at + 1}`), itemStyle: { borderColor: colour("surface"), borderWidth: 1 },
    })),
  });
  const ways = { rates, trend, stack };

  const drawn = [];
  for (const plot of data.plots) {
    const place = document.querySelector(`[data-plot="${plot.id}"]`);
    const height = plot.kind === "trend" ? 280 : Math.max(280, 90 + 28 * plot.rows.length);
    const chart = echarts.init(place, null, { renderer: "canvas", height });
    drawn.push([chart, plot]);
    new ResizeObserver(() => chart.resize({ height })).observe(place);
  }
  const draw = () => drawn.forEach(([chart, plot]) => chart.setOption(ways[plot.kind](plot), true));
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  // Paper is white.
  addEventListener("beforeprint", () => { document.documentElement.dataset.print = "1"; draw(); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.print; draw(); });

  // Evidence
  const form = document.getElementById("filters");
  if (form) {
    const entries = [...document.querySelectorAll(".entry")];
    const keys = ["window", "rule", "code", "state"];
    const filter = () => {
      let shown = 0;
      for (const one of entries) {
        const fits = keys.every((key) => form.elements[key].value === "*" || form.elements[key].value === `=${one.dataset[key]}`);
        one.hidden = !fits;
        shown += fits;
      }
      document.getElementById("shown").textContent = fill(words.shown, { shown, n: entries.length });
      document.getElementById("nothing").hidden = shown > 0;
    };
    form.addEventListener("change", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    // The fields are reset after the event.
    form.addEventListener("reset", () => setTimeout(filter));
    form.hidden = false;
    filter();
  }
  document.addEventListener("play", (event) => {
    for (const one of document.querySelectorAll("audio")) if (one !== event.target) one.pause();
  }, true);
})();
