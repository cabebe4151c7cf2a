"""Text whose contrast with what lies behind it is below AA (WCAG 2.2, section 1.4.3), in a browser.

Opaque and translucent background colors count; pictures behind text do not, there are none.
"""

AT_ONCE = """
const style = document.createElement('style');
style.textContent = '* { transition: none !important; }';
document.head.append(style);
document.documentElement.dataset.theme = arguments[0];
"""
FAINT = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
function rgba(color) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
function behind(node) {
  const layers = [];
  for (; node; node = node.parentElement) layers.push(rgba(getComputedStyle(node).backgroundColor));
  let color = document.documentElement.dataset.theme === 'dark' ? [0, 0, 0] : [255, 255, 255];
  while (layers.length) color = over(layers.pop(), color);
  return color;
}
function luminance(color) {
  const [r, g, b] = color.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const seen = {}, walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim(), node = walker.currentNode.parentElement;
  if (!text || !node.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
  if (node.closest('[disabled], [aria-hidden=true], script, style')) continue;
  const style = getComputedStyle(node), below = behind(node);
  const color = over(rgba(style.color), below);
  const [dark, light] = [luminance(color), luminance(below)].sort((a, b) => a - b);
  const ratio = (light + 0.05) / (dark + 0.05), size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) {
    const key = `${node.tagName}.${node.className} ${style.color} on ${below.map(Math.round)}`;
    seen[key] ??= ratio.toFixed(2) + ' ' + text.slice(0, 40);
  }
}
return seen;
"""


def faint(driver: object, theme: str) -> dict[str, str]:
    """Kinds of text too faint on the open page in theme "light" or "dark" -> an example."""
    driver.execute_script(AT_ONCE, theme)
    return driver.execute_script(FAINT)
