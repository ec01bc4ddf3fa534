"""A clip plays in a real browser."""

from pathlib import Path

from playwright.async_api import Browser

from tests.console.conftest import browser as browser
from tests.console.conftest import screen
from tests.film.conftest import WAIT_S_MAX, Studio
from tests.film.reels import reel
from tests.film.test_showing import SECOND, SINCE, UNTIL, address
from tests.world import World

PLAY = """
async (source) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = source;
  document.body.append(video);
  await new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(video.error.message);
  });
  video.currentTime = 30;
  await new Promise((resolve) => { video.onseeked = resolve; });
  await video.play();
  await new Promise((resolve) => { video.ontimeupdate = () => { if (video.currentTime > 30.3) resolve(); }; });
  return {seconds: video.duration, at: video.currentTime, width: video.videoWidth};
}
"""


async def test_a_video_element_plays_and_seeks(world: World, browser: Browser, tmp_path: Path) -> None:
    await Studio(world).keep(reel(tmp_path, 60))
    async with screen(browser) as page:
        page.set_default_timeout(WAIT_S_MAX * 1_000)
        await page.goto(f"{world.base_url}/healthz")
        played = await page.evaluate(PLAY, address(world))

    padded = (UNTIL - SINCE) / SECOND + 4
    assert padded - 0.2 <= played["seconds"] <= padded + 2.2
    assert played["at"] > 30.3
    assert played["width"] == 384
