// Right is one high tone, wrong is two low ones and a shake: they are told apart with the eyes on the goods.

let audio;

export function sound(which) {
  const wrong = which === "wrong";
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(wrong ? [200, 80, 200] : 60);
  audio ??= "AudioContext" in window ? new AudioContext() : null;
  if (!audio || audio.state === "suspended") return void audio?.resume?.();
  for (const [after, tone, seconds] of wrong ? [[0, 220, 0.18], [0.24, 180, 0.28]] : [[0, 1320, 0.09]]) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    oscillator.type = wrong ? "square" : "sine";
    oscillator.frequency.value = tone;
    volume.gain.value = 0.2;
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(audio.currentTime + after);
    oscillator.stop(audio.currentTime + after + seconds);
  }
}
