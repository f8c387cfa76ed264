// The queue by keyboard: J and K move, Enter opens, F goes to the first.
const rows = [...document.querySelectorAll("#queue tbody tr")];
let at = -1;

function choose(next) {
  if (!rows.length) return;
  rows[at]?.classList.remove("chosen");
  at = Math.min(Math.max(next, 0), rows.length - 1);
  rows[at].classList.add("chosen");
  rows[at].scrollIntoView({ block: "nearest" });
  rows[at].querySelector("a").focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "ArrowDown") choose(at + 1);
  else if (event.key === "k" || event.key === "ArrowUp") choose(at - 1);
  else if (event.key === "f") choose(0);
  else return;
  event.preventDefault();
});
