// A finding by keyboard, and its sound as a wave: Space plays, ← and → move by a second, C and R decide, J goes on.
const player = document.querySelector(".player");
const form = document.querySelector("#decide");
const wanting = document.querySelector("#wants-why");

if (player) hear(player);
if (form) {
  form.addEventListener("submit", (event) => {
    const act = event.submitter?.value;
    const why = form.elements.why;
    if (act !== "confirm" && !why.value.trim()) {
      event.preventDefault();
      wanting.hidden = false;
      why.focus();
    }
  });
}
const here = document.querySelector("#here");
// The list alone: the page stays at its head.
if (here) here.parentElement.scrollTop = here.offsetTop - here.parentElement.offsetTop - 80;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isWriting = event.target.matches("textarea, input, select");
  if (isWriting) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = event.key.toLowerCase();
  const button = form?.querySelector(`[data-key="${key.toUpperCase()}"]`);
  const audio = player?.querySelector("audio");
  if (button && key !== " ") form.requestSubmit(button);
  else if (key === "j") document.querySelector("#next")?.click();
  else if (key === "w") form?.elements.why.focus();
  else if (key === " " && audio && !event.target.matches("button, a, audio")) audio.paused ? audio.play() : audio.pause();
  else if (audio && key === "arrowleft") audio.currentTime = Math.max(0, audio.currentTime - 1);
  else if (audio && key === "arrowright") audio.currentTime += 1;
  else return;
  event.preventDefault();
});

async function hear(box) {
  const canvas = box.querySelector("canvas");
  const audio = box.querySelector("audio");
  let peaks = null;
  let length = 0;
  try {
    const answer = await fetch(box.dataset.clip, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const context = new OfflineAudioContext(1, 1, 16000);
    const sound = await context.decodeAudioData(await answer.arrayBuffer());
    peaks = peaksOf(sound.getChannelData(0), canvas.width / 2);
    length = sound.duration;
  } catch {
    const told = document.createElement("p");
    told.className = "problem";
    told.textContent = box.dataset.failed;
    canvas.replaceWith(told);
    return;
  }
  const draw = () => paint(canvas, peaks, { at: audio.currentTime / length, ...marked(box, length) });
  draw();
  audio.addEventListener("timeupdate", draw);
  audio.addEventListener("seeked", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  canvas.addEventListener("click", (event) => {
    audio.currentTime = (event.offsetX / canvas.clientWidth) * length;
    audio.play();
  });
}

// The part of the clip that the finding is, as shares of its length.
function marked(box, length) {
  const from = Math.min(Number(box.dataset.margin), length);
  return { from: from / length, to: Math.min(1, (from + Number(box.dataset.length)) / length) };
}

function peaksOf(samples, many) {
  const each = samples.length / many;
  return Array.from({ length: many }, (_, place) => {
    let most = 0;
    for (let at = Math.floor(place * each); at < Math.min(samples.length, (place + 1) * each); at += 1) {
      most = Math.max(most, Math.abs(samples[at]));
    }
    return most;
  });
}

function paint(canvas, peaks, { at, from, to }) {
  const ink = getComputedStyle(document.documentElement);
  const colour = (name) => ink.getPropertyValue(name).trim();
  const brush = canvas.getContext("2d");
  const { width, height } = canvas;
  brush.clearRect(0, 0, width, height);
  brush.fillStyle = colour("--warn-ground");
  brush.fillRect(from * width, 0, (to - from) * width, height);
  const most = Math.max(0.05, ...peaks);
  peaks.forEach((peak, place) => {
    const share = place / peaks.length;
    brush.fillStyle = colour(share < at ? "--accent" : "--quiet");
    const high = Math.max(1, (peak / most) * (height - 6));
    brush.fillRect(share * width, (height - high) / 2, 1.4, high);
  });
  brush.fillStyle = colour("--bad");
  brush.fillRect(at * width, 0, 2, height);
}
