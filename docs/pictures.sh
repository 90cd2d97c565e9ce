#!/bin/sh
# Draws models/star.mmd and models/marts.mmd anew and puts them into models/overview.md,
# behind `base64,` in its last lines. The same sources give the same bytes.
#
#   docs/pictures.sh
#
# Needs node, npm, Python and a Chromium, whose path CHROMIUM may say. The versions are
# fixed: mermaid 11 draws every line of the star twice. svgo must not inline styles, that
# would lose the colours. Widths of words are those of Helvetica, Arial or Liberation Sans.
set -eu
models=$(cd "$(dirname "$0")/../models" && pwd)
chromium=${CHROMIUM:-$(command -v chromium || command -v google-chrome)}
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
cd "$tools"

PUPPETEER_SKIP_DOWNLOAD=1 npm install --silent --no-audit --no-fund \
    @mermaid-js/mermaid-cli@10.9.1 puppeteer@22.15.0 svgo@3.3.2
cat > browser.json <<END
{ "executablePath": "$chromium", "args": ["--no-sandbox"] }
END
cat > mermaid.json <<'END'
{
  "theme": "neutral",
  "fontFamily": "Helvetica, Arial, sans-serif",
  "er": { "layoutDirection": "LR", "fontSize": 13 },
  "flowchart": {
    "defaultRenderer": "elk",
    "htmlLabels": false,
    "nodeSpacing": 12,
    "padding": 8
  }
}
END
cat > svgo.config.mjs <<'END'
export default {
  floatPrecision: 1,
  plugins: [
    { name: "preset-default", params: { overrides: { inlineStyles: false } } },
  ],
};
END

for name in star marts; do
    # this mermaid takes the star's direction from its settings only
    sed '/direction LR/d' "$models/$name.mmd" > "$name.mmd"
    npx mmdc --quiet -p browser.json -c mermaid.json -b white -i "$name.mmd" -o raw.svg
    # random ids, which nothing refers to
    sed -E 's/ id="(text-)?entity[^"]*"//g' raw.svg | npx svgo --quiet -i - -o "$name.svg"
    python3 - "$models/overview.md" "$name" <<'END'
import base64, pathlib, re, sys

page, name = pathlib.Path(sys.argv[1]), sys.argv[2]
svg = pathlib.Path(f"{name}.svg").read_text()
boxes = [
    tuple(map(float, box))
    for box in re.findall(
        r'translate\((\S+) (\S+)\)"><rect width="(\S+)" height="(\S+)"', svg
    )
]
if boxes:  # a flowchart: elk leaves a broad margin at the left and the top
    left = min(x - width / 2 for x, _, width, _ in boxes) - 8
    top = min(y - height / 2 for _, y, _, height in boxes) - 8
    x, y, width, height = map(float, re.search('viewBox="(.*?)"', svg)[1].split())
    frame = [left, top, x + width - left, y + height - top]
    numbers = [f"{number:.1f}" for number in frame]
    svg = re.sub('viewBox=".*?"', f'viewBox="{" ".join(numbers)}"', svg, count=1)
    svg = svg.replace('width="100%"', f'width="{numbers[2]}"', 1)  # else it is blown up
    svg = re.sub("max-width:.*?px;", "", svg, count=1)
drawn = base64.b64encode(svg.encode()).decode()
line = f"[{name}]: data:image/svg+xml;base64,{drawn}"
text, found = re.subn(rf"(?m)^\[{name}\]: data:.*$", line, page.read_text())
if found != 1:
    sys.exit(f"overview.md has {found} lines that begin with [{name}]: data:")
page.write_text(text)
END
    echo "drew $name: $(wc -c < "$name.svg") bytes"
done
