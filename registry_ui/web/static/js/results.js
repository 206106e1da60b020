// Results that move: a threshold hides what scores less, a time in a transcript plays from there, a clock while something runs.
const TICK_MS = 500;

document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-threshold]")) return;
  const least = Number(event.target.value);
  event.target.nextElementSibling.textContent = least.toFixed(2);
  for (const found of event.target.closest("[data-scored]").querySelectorAll("[data-score]")) {
    found.toggleAttribute("data-below", Number(found.dataset.score) < least);
  }
});

document.addEventListener("click", (event) => {
  const time = event.target.closest("[data-seek]");
  const player = time?.closest("[data-transcript]").querySelector("audio, video");
  if (!player) return;
  player.currentTime = Number(time.dataset.seek);
  player.play();
});

setInterval(() => {
  for (const clock of document.querySelectorAll("[data-elapsed]")) {
    clock.begun ??= performance.now() - Number(clock.dataset.elapsed) * 1000;
    clock.textContent = `${((performance.now() - clock.begun) / 1000).toFixed(1)} s`;
  }
}, TICK_MS);
