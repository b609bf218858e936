package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"augmix/run"
)

// inPage returns a line for each thing in the page that a person could not see or read: pictures that did not load,
// what sticks out of the page, letters that are too small or too pale (WCAG 2.1, 1.4.3: 4.5 to 1).
const inPage = `(async () => {
  const out = [];
  document.querySelectorAll("details").forEach(d => d.open = true);
  for (const i of document.images) {
    try { await i.decode() } catch (e) { out.push("picture does not decode: " + i.alt) }
    if (!i.complete || !(i.naturalWidth > 0)) out.push("picture did not load: " + i.alt);
  }
  for (const i of document.querySelectorAll("svg image")) {
    const p = new Image();
    p.src = i.getAttribute("href");
    try { await p.decode() } catch (e) { out.push("picture of a chart does not decode: " + e) }
    if (!(p.naturalWidth > 0)) out.push("picture of a chart did not load");
  }
  const page = document.documentElement, width = page.clientWidth;
  if (page.scrollWidth > width) out.push("the page is " + page.scrollWidth + " wide in a window of " + width);
  const name = e => e.tagName + " " + (e.textContent || "").trim().slice(0, 40);
  for (const e of document.body.querySelectorAll("*")) {
    if (e.closest(".scroll table") || e.ownerSVGElement && !e.matches("text")) continue;
    const r = e.getBoundingClientRect();
    if (r.width > 0 && (r.right > width + 1 || r.left < -1)) out.push("sticks out: " + name(e) + " from " + r.left + " to " + r.right);
  }
  const rgb = s => { const m = s.match(/[\d.]+/g).map(Number); return {c: m.slice(0, 3), a: m.length > 3 ? m[3] : 1} };
  const light = c => { const l = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2] };
  const ground = e => { for (; e; e = e.parentElement) { const b = rgb(getComputedStyle(e).backgroundColor); if (b.a > 0.99) return b.c } return [255, 255, 255] };
  for (const e of document.body.querySelectorAll("*")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.matches("title, style") || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), svg = e.ownerSVGElement;
    const ink = rgb(svg ? style.fill : style.color).c;
    const a = light(ink), b = light(ground(svg || e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) out.push("contrast of " + ratio.toFixed(1) + ": " + name(e));
    let size = parseFloat(style.fontSize);
    if (svg) size *= svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    if (size < SMALLEST) out.push("letters of " + size.toFixed(1) + " pixels: " + name(e));
  }
  return [...new Set(out)].slice(0, 20).join("\n");
})()`

// onPaper returns what is folded away in print, where nobody can unfold it. Browsers that cannot style what is folded
// (Chromium before 131) are let off.
const onPaper = `CSS.supports("selector(::details-content)") ?
  [...document.querySelectorAll("details")].filter(d => !d.lastElementChild.checkVisibility()).map(d => d.firstElementChild.textContent).join(", ") : ""`

// The page is opened from disk in a real browser: nothing is asked for but itself, nothing is reported to the console,
// every picture loads, and on a screen, a telephone and paper, light and dark, all of it can be read.
// AUGMIX_SCREENSHOTS=DIR keeps what was seen.
func TestPageInABrowser(t *testing.T) {
	b := newBrowser(t)
	for name, page := range browserPages(t) {
		b.show(794, "print")
		b.open(page)
		if folded := b.evaluate(onPaper); folded != "" {
			t.Errorf("%s: on paper %s cannot be unfolded", name, folded)
		}
		for _, view := range []struct {
			width   int
			colours string
			letters string // smallest, in pixels
		}{{1280, "light", "10"}, {1280, "dark", "10"}, {390, "light", "10"}, {390, "dark", "10"}, {320, "light", "9.5"}, {794, "print", "8"}} {
			b.show(view.width, view.colours)
			if seen := b.evaluate(strings.ReplaceAll(inPage, "SMALLEST", view.letters)); seen != "" {
				t.Errorf("%s, %d pixels wide, %s:\n%s", name, view.width, view.colours, seen)
			}
			if dir := os.Getenv("AUGMIX_SCREENSHOTS"); dir != "" {
				b.picture(dir, fmt.Sprintf("%s-%d-%s", name, view.width, view.colours))
			}
		}
		for _, problem := range b.asked(page) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// The test's script finds what it looks for.
func TestBrowserSeesFaults(t *testing.T) {
	b := newBrowser(t)
	page := filepath.Join(t.TempDir(), "page.html")
	const text = `<!DOCTYPE html><meta name="viewport" content="width=device-width"><body style="background:#fff">
<img alt="broken" src="data:image/png;base64,AAAA"><img alt="other" src="other.png"><p style="width:900px">wide</p>
<p style="color:#bbb">pale</p><p style="font-size:6px">small</p><script>throw new Error("thrown")</script>`
	if err := os.WriteFile(page, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	b.show(390, "light")
	b.open(page)
	seen := b.evaluate(strings.ReplaceAll(inPage, "SMALLEST", "10"))
	for _, want := range []string{"did not load: broken", "did not load: other", "sticks out: P wide", "contrast", "letters of 6.0"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is not seen:\n%s", want, seen)
		}
	}
	if asked := strings.Join(b.asked(page), "\n"); !strings.Contains(asked, "other.png") || !strings.Contains(asked, "exception") {
		t.Errorf("a request and an exception are not seen:\n%s", asked)
	}
}

// browserPages makes the report of one whole run, of several with seeds and gaps, and of some beside published figures.
func browserPages(t *testing.T) map[string]string {
	t.Helper()
	c := config("augmix", 3)
	one := writeRun(t, filepath.Join(t.TempDir(), "shapes-wrn-augmix-s1"), c, 1, time.Now())
	if err := one.WriteEvaluation(wholeEvaluation(c, 1)); err != nil {
		t.Fatal(err)
	}
	writePixel(t, one.PlotPath("preview.png"))
	several := seededRuns(t)
	for name, scale := range map[string]float64{"standard-s1": 1, "shapes-wrn-augmix-s1": 0.6} {
		f, err := run.Open(filepath.Join(several, name))
		if err != nil {
			t.Fatal(err)
		}
		e, err := f.Evaluation()
		if err != nil {
			t.Fatal(err)
		}
		whole := wholeEvaluation(config("augmix", 2), scale)
		e.Perturbation, e.Fourier = whole.Perturbation, whole.Fourier
		if err := f.WriteEvaluation(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(filepath.Join(several, "cutout-s1"), filepath.Join(several, `<b onclick="x()">a long name of a folder without an end&amp;`)); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for name, dir := range map[string]string{"one": one.Dir(), "several": several, "published": comparedRuns(t)} {
		s, err := Build([]string{dir}, "")
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = s.Page
	}
	return pages
}
