// The page is whole without this: it puts the mark of the packing where the clip, once it is known, has it.

for (const film of document.querySelectorAll(".film[data-window-s]")) {
  const video = film.querySelector("video");
  const mark = film.querySelector(".window");
  const jump = film.querySelector(".jump");
  const known = () => {
    const end = video.duration - Number(film.dataset.afterS);
    const from = Math.max(0, end - Number(film.dataset.windowS));
    mark.setAttribute("x", (100 * from) / video.duration);
    mark.setAttribute("width", (100 * (Math.min(end, video.duration) - from)) / video.duration);
    jump.hidden = false;
    jump.onclick = () => {
      video.currentTime = from;
      video.play().catch(() => {});
    };
  };
  if (video.readyState >= 1) known();
  else video.addEventListener("loadedmetadata", known);
}
