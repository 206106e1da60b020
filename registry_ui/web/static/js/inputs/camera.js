// A picture from the camera: the first press shows what it sees, the second takes it.
import { take } from "./media.js";

const WIDEST = 1600;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-camera]");
  if (!button) return;
  const zone = button.closest("[data-drop]");
  const video = zone.querySelector("[data-shown] > video");
  if (video) shoot(zone, video, button);
  else open(zone, button);
});

async function open(zone, button) {
  const words = button.querySelector("span");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    const video = document.createElement("video");
    video.srcObject = stream;
    video.muted = true;
    video.playsInline = true;
    zone.querySelector("[data-shown]").replaceChildren(video);
    await video.play();
    words.textContent = "Take picture";
  } catch {
    words.textContent = "No camera";
    setTimeout(() => (words.textContent = "Camera"), 2000);
  }
}

function shoot(zone, video, button) {
  const scale = Math.min(1, WIDEST / video.videoWidth);
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth * scale;
  canvas.height = video.videoHeight * scale;
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  video.srcObject.getTracks().forEach((track) => track.stop());
  button.querySelector("span").textContent = "Camera";
  canvas.toBlob((blob) => take(zone, new File([blob], "camera.jpg", { type: "image/jpeg" })), "image/jpeg", 0.92);
}
