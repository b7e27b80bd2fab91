// For tests: clips carry their frame number as 12 cells across the bottom tenth of the picture, most significant first.
function comparePicture(player, image) {
  const page = /** @type {any} */ (window);
  const stats = (page.agPlayerStats ||= { ticks: 0, differences: {} });
  stats.player = player;
  if (!image) return;
  stats.reader ||= Object.assign(document.createElement("canvas"), { width: 120, height: 10 });
  const context = stats.reader.getContext("2d", { willReadFrequently: true });
  const { videoWidth, videoHeight } = player.parts.video;
  context.drawImage(image, 0, videoHeight * 0.9, videoWidth, videoHeight * 0.1, 0, 0, 120, 10);
  const pixels = context.getImageData(0, 5, 120, 1).data;
  let number = 0;
  for (let bit = 0; bit < 12; bit++) number = number * 2 + (pixels[(bit * 10 + 5) * 4] > 127 ? 1 : 0);
  const difference = player.clock.frame - number;
  stats.ticks++;
  stats.picture = number;
  stats.differences[difference] = (stats.differences[difference] || 0) + 1;
}
