//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// browser is headless Chromium with a profile of its own, as somebody who uses the panel.
type browser struct {
	tb      testing.TB
	ctx     context.Context
	url     string
	shots   string // where pictures go; none are taken where it is empty
	clicks  int    // what a person has clicked so far
	mu      sync.Mutex
	console []string // what the pages complained of
}

func newBrowser(tb testing.TB, url string) *browser {
	tb.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("/usr/bin/chromium"),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(tb.TempDir()), chromedp.WindowSize(1440, 900),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("lang", "en-US"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	tb.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	tb.Cleanup(cancel)
	b := &browser{tb: tb, ctx: ctx, url: url, shots: os.Getenv("SCREENSHOTS")}
	if b.shots != "" {
		require.NoError(tb, os.MkdirAll(b.shots, 0o755))
	}
	messages := chromedp.Console(ctx)
	go func() {
		for message, err := range messages {
			if err != nil {
				return // the browser is closed
			}
			b.mu.Lock()
			b.console = append(b.console, message.String()+" "+message.URL)
			b.mu.Unlock()
		}
	}()
	return b
}

// do runs steps within the time that anything may take.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.tb, chromedp.Do(ctx, steps...))
}

func evaluate[T any](b *browser, script string) T {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	require.NoError(b.tb, err, script)
	return value
}

func (b *browser) open(path string) {
	b.tb.Helper()
	b.do(chromedp.Navigate(b.url + path))
}

// click presses what leads to another page and waits for that; it gives the status of the answer.
func (b *browser) click(selector string) int64 {
	b.tb.Helper()
	b.clicks++
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
	require.NoError(b.tb, err, "click %s", selector)
	return response.Status
}

// fill types into a field, over what it holds; long texts are pasted.
func (b *browser) fill(name, value string) {
	b.tb.Helper()
	b.clicks++ // into the field
	field := chromedp.CSS(fmt.Sprintf(`[name=%q]`, name))
	if strings.ContainsRune(value, '\n') {
		b.do(chromedp.SetValue(field, value, chromedp.NodeVisible))
		return
	}
	b.do(chromedp.Clear(field, chromedp.NodeVisible), chromedp.SendKeys(field, value))
}

// check puts a check box on or off.
func (b *browser) check(name string, on bool) {
	b.tb.Helper()
	field := fmt.Sprintf(`document.querySelector('[name=%q]')`, name)
	if evaluate[bool](b, field+".checked") != on {
		b.clicks++
		b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`[name=%q]`, name))))
	}
	require.Equal(b.tb, on, evaluate[bool](b, field+".checked"), name)
}

// text is what the page shows; nothing while the next one is on its way.
func (b *browser) text() string {
	b.tb.Helper()
	return strings.Join(strings.Fields(evaluate[string](b, "document.body ? document.body.innerText : ''")), " ")
}

// awaitText waits until the page shows the text.
func (b *browser) awaitText(text string) {
	b.tb.Helper()
	eventually(b.tb, "the page shows "+text, func() bool { return strings.Contains(b.text(), text) })
}

// widths are those of a telephone, a tablet and a desk.
var widths = []int64{360, 768, 1440}

// shot looks for what no page may do at any width, and takes pictures of the page as it stands, light and dark.
func (b *browser) shot(name string) {
	b.tb.Helper()
	schemes := []string{"light"}
	if b.shots != "" { // how wide a page is does not depend on its colours
		schemes = append(schemes, "dark")
	}
	for _, scheme := range schemes {
		for _, width := range widths {
			b.do(chromedp.EmulateViewport(width, 900), prefer(scheme))
			wide := evaluate[int64](b, "document.documentElement.scrollWidth")
			assert.LessOrEqual(b.tb, wide, width, "%s scrolls sideways at %d pixels", name, width)
			if b.shots == "" || width == widths[1] {
				continue
			}
			ctx, cancel := context.WithTimeout(b.ctx, patience)
			picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			cancel()
			require.NoError(b.tb, err)
			file := filepath.Join(b.shots, fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
			require.NoError(b.tb, os.WriteFile(file, smaller(b.tb, picture), 0o644))
		}
	}
	b.do(chromedp.EmulateViewport(1440, 900), prefer("light"))
}

// script lets the pages run theirs, or not.
func (b *browser) script(on bool) {
	b.tb.Helper()
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

// signIn is what comes before anything else.
func (b *browser) signIn() {
	b.tb.Helper()
	b.open("/login")
	b.fill("username", adminName)
	b.fill("password", adminPassword)
	b.click("button[type=submit]")
}

func prefer(scheme string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}

// complaints are what the pages wrote to the console: errors of scripts, of loading, of the content security policy.
// An answer that is not 200 because a form had a mistake is none.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, text := range b.console {
		if !strings.Contains(text, "status of 422") && !strings.Contains(text, "status of 404") {
			all = append(all, text)
		}
	}
	return all
}
