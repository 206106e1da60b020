// A sound from the microphone, as a WAV file: every worker reads it without other programs.
import { take } from "./media.js";

let recording = null;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-record]");
  if (!button) return;
  if (recording) recording.stop();
  else start(button);
});

async function start(button) {
  const words = button.querySelector("span");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    recording = listen(stream, button, words);
  } catch {
    words.textContent = "No microphone";
    setTimeout(() => (words.textContent = "Record"), 2000);
  }
}

function listen(stream, button, words) {
  const pieces = [];
  const recorder = new MediaRecorder(stream);
  const begun = performance.now();
  const clock = setInterval(() => (words.textContent = `Stop (${Math.floor((performance.now() - begun) / 1000)} s)`), 250);
  button.setAttribute("aria-pressed", "true");
  words.textContent = "Stop (0 s)";
  recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
  recorder.addEventListener("stop", async () => {
    clearInterval(clock);
    stream.getTracks().forEach((track) => track.stop());
    recording = null;
    button.removeAttribute("aria-pressed");
    words.textContent = "Record";
    take(button.closest("[data-drop]"), await asWav(new Blob(pieces)));
  });
  recorder.start();
  return recorder;
}

async function asWav(blob) {
  const context = new AudioContext();
  const sound = await context.decodeAudioData(await blob.arrayBuffer());
  await context.close();
  return new File([wavOf(mixed(sound), sound.sampleRate)], "recording.wav", { type: "audio/wav" });
}

function mixed(sound) {
  const mono = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((value, place) => (mono[place] += value / sound.numberOfChannels));
  }
  return mono;
}

function wavOf(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const write = (place, text) => [...text].forEach((sign, offset) => view.setUint8(place + offset, sign.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((value, place) => view.setInt16(44 + place * 2, Math.max(-1, Math.min(1, value)) * 32767, true));
  return view.buffer;
}
