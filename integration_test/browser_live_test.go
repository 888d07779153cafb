//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// slowDirectory is a fake directory that gives a hundred people a page, and takes its time.
type slowDirectory struct {
	*fakead.Server
	connection values
}

const slowReader = "Slow-Reader-1"

func newSlowDirectory(t *testing.T, users int) slowDirectory {
	t.Helper()
	ad, err := fakead.Start(fakead.Options{Domain: "corp.example", MaxPageSize: 100})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(users, 3))
	name, err := ad.Reader("slow-reader", slowReader)
	require.NoError(t, err)
	return slowDirectory{ad, values{
		"domain": "corp.example", "host": "127.0.0.1", "port": strconv.Itoa(ad.Addr().Port), "tls": "on", "timeout": "60",
		"base_dn": ad.StaffOU(), "bind_dn": name, "bind_password": slowReader, "ca_certificate": string(ad.CA()),
	}}
}

// slow has every page of a listing take a while: a run is longer than anything that is looked at meanwhile, on any machine.
func (d slowDirectory) slow() { d.Break(fakead.Fault{Delay: 1500 * time.Millisecond}) }

// livePanel is a panel on SQLite that hosts the directory's domain, with an enabled resource.
func livePanel(t *testing.T, d slowDirectory) (*panel, *source) {
	t.Helper()
	p := startPanel(t, nil, slowReader)
	added := p.submit(p.page("/domains").form(t, "/domains").set("domain", "corp.example"))
	require.Equal(t, http.StatusOK, added.status, added.text)
	s := p.connected("activedirectory", d.connection)
	s.idle()
	return p, s
}

// signedIn is a browser in which the admin has signed in.
func signedIn(t *testing.T, p *panel) *browser {
	t.Helper()
	b := newBrowser(t, p.url)
	b.signIn()
	return b
}

// number is a number in the part of a page that shows a run.
func (b *browser) number(name string) int {
	text, _, _ := strings.Cut(evaluate[string](b, fmt.Sprintf(`(document.querySelector('[data-text=%s]') || {textContent: ""}).textContent`, name)), " ")
	n, _ := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	return n
}

const (
	liveHeight  = `document.querySelector('[data-live]').offsetHeight`
	liveVisible = `document.querySelector('[data-live]').offsetHeight > 0`
)

// A run that somebody else starts appears on the open page, moves, and is cancelled there; nothing is loaded anew.
func TestBrowserFollowsARunAndCancelsIt(t *testing.T) {
	d := newSlowDirectory(t, 3000)
	p, s := livePanel(t, d)
	b := signedIn(t, p)
	b.open(prefix)
	require.False(t, evaluate[bool](b, liveVisible), "nothing runs yet")
	b.do(chromedp.Func(func(context.Context, *chromedp.Target) error { d.slow(); return nil }))
	evaluate[bool](b, `window.stays = true`)
	s.press("replicate") // in another tab, so to say
	eventually(t, "the run appears on the list", func() bool { return evaluate[bool](b, liveVisible) && b.number("objects") > 0 })
	height, first := evaluate[int](b, liveHeight), b.number("objects")
	eventually(t, "the numbers move", func() bool { return b.number("objects") > first+200 && b.number("done") > 0 })
	assert.Equal(t, height, evaluate[int](b, liveHeight), "the room was there before")
	assert.True(t, evaluate[bool](b, `document.querySelector('[data-idle]').disabled`), "one run at a time")
	b.shot("live-list")

	b.open(s.path("/log"))
	evaluate[bool](b, `window.stays = true`)
	assert.NotContains(t, b.text(), "3,000")
	eventually(t, "the numbers move here too", func() bool { return b.number("objects") > first+300 })
	b.shot("live-log")
	eventually(t, "longer than a reload would take", func() bool { return evaluate[float64](b, `performance.now()`) > 6500 })
	assert.True(t, evaluate[bool](b, `window.stays === true`), "the reloading is for browsers without script")
	require.EqualValues(t, 200, b.click(`[data-live] button[data-cancel]`))
	b.awaitText("The run ends between two batches")
	evaluate[bool](b, `window.stays = true`)
	b.awaitText("An admin cancelled the run.")
	assert.True(t, evaluate[bool](b, `window.stays === true`), "the page was not loaded anew")
	eventually(t, "nothing runs any more", func() bool { return !evaluate[bool](b, liveVisible) })
	assert.Equal(t, "interrupted", s.status().Run.Outcome)
	assert.Less(t, s.status().Run.Created, 3000)
	b.shot("live-cancelled")

	d.Mend()
	b.open(prefix)
	evaluate[bool](b, `window.stays = true`)
	s.succeeded()
	b.awaitText("succeeded")
	assert.True(t, evaluate[bool](b, `window.stays === true`), "the card came alone")
	assert.Empty(t, b.complaints())
}

// Without script the pages reload themselves while a run goes on, and everything can be pressed.
func TestBrowserFollowsARunWithoutScript(t *testing.T) {
	d := newSlowDirectory(t, 3000)
	p, s := livePanel(t, d)
	b := signedIn(t, p)
	b.script(false)
	d.slow()
	s.press("replicate")
	b.open(s.path("/log"))
	eventually(t, "the page reloads itself and shows how far it is", func() bool { return b.number("objects") > 0 })
	first := b.number("objects")
	eventually(t, "and again", func() bool { return b.number("objects") > first })
	require.EqualValues(t, 200, b.click(`[data-live] button[data-cancel]`))
	eventually(t, "the run has ended", func() bool { return strings.Contains(b.text(), "An admin cancelled the run.") })
	assert.Equal(t, "5", p.headerWhile(s, d))
	assert.Empty(t, b.complaints())
}

// headerWhile is the header that reloads the page while a run goes on.
func (p *panel) headerWhile(s *source, d slowDirectory) string {
	p.tb.Helper()
	s.idle()
	s.press("replicate")
	refresh := p.page(s.path("/log")).header.Get("Refresh")
	d.Mend()
	s.idle()
	return refresh
}

// A year of history on one page, and one account through all of it.
func TestBrowserReadsTheHistory(t *testing.T) {
	d := newSlowDirectory(t, 230)
	p, s := livePanel(t, d)
	s.succeeded()
	people := d.People()
	for i := range 8 {
		for _, dn := range people[:1+i*3] {
			require.NoError(t, d.Modify(dn, fakead.Attributes{"displayName": {fmt.Sprintf("Name %d", i)}, "title": {"Head"}}))
		}
		s.succeeded()
	}
	require.NoError(t, d.Modify(people[0], fakead.Attributes{"userPrincipalName": {"new.name@corp.example"}}))
	s.succeeded()
	d.Break(fakead.Fault{After: 10, Cut: true})
	s.replicate()
	d.Mend()

	b := signedIn(t, p)
	b.open(s.path("/log"))
	b.shot("history")
	assert.Equal(t, 10, evaluate[int](b, `document.querySelector('.ar-runs').tBodies[0].rows.length`))
	assert.Equal(t, 11, evaluate[int](b, `document.querySelectorAll('.ar-chart a').length`))
	b.click(`.ar-pages a[href*="older="]`)
	b.awaitText("created 230")
	b.click(`.ar-runs a[href*="run="]`)
	b.awaitText("Page 1 of 5")
	b.shot("history-run")
	b.click(`a[rel=next]`)
	b.awaitText("Page 2 of 5")
	b.click(`a[rel=prev]`)
	b.awaitText("Page 1 of 5")
	b.open(s.path("/log?account=new.name@corp.example"))
	assert.Contains(t, b.text(), "renamed")
	assert.Contains(t, b.text(), "created")
	assert.Contains(t, b.text(), "Name 7")
	b.shot("story")
	assert.Empty(t, b.complaints())
}

// What would be done, searched at once and as a file; then too many leave, and wait for an admin.
func TestBrowserPreviewsAndDecides(t *testing.T) {
	d := newSlowDirectory(t, 60)
	p, s := livePanel(t, d)
	b := signedIn(t, p)
	for _, script := range []bool{false, true} {
		b.script(script)
		b.open(s.path("?tab=users"))
		b.fill("user_title", "department") // not saved
		require.EqualValues(t, 200, b.click(`.ar-bar button[formaction$="/preview"]`))
		assert.Contains(t, b.text(), "created 60")
		b.fill("preview_q", "anna.andersen@")
		if script {
			eventually(t, "the rows are filtered at once", func() bool {
				return evaluate[int](b, `document.querySelectorAll('#ar-preview tbody tr:not(.ar-gone)').length`) == 1
			})
		} else {
			require.EqualValues(t, 200, b.click(`#ar-preview button:not([name=format])`))
			assert.Equal(t, 1, evaluate[int](b, `document.querySelectorAll('#ar-preview tbody tr').length`))
		}
		assert.Equal(t, "department", evaluate[string](b, `document.querySelector('[name=user_title]').value`), "nothing is lost")
		b.shot("preview-" + map[bool]string{true: "script", false: "plain"}[script])
	}
	// The page itself keeps what it showed: once it is on its way to the next one, nobody can ask it any more.
	evaluate[bool](b, `new MutationObserver(() => {
		if (document.querySelector('.ar-bar [aria-busy=true]') && document.querySelector('.ar-bar .ar-primary').disabled) sessionStorage.shown = "busy";
	}).observe(document.querySelector('.ar-bar'), {subtree: true, attributes: true}), true`)
	require.EqualValues(t, 200, b.click(`.ar-bar button[formaction$="/preview"]`))
	assert.Equal(t, "busy", evaluate[string](b, `sessionStorage.shown || ""`), "the button shows that it works, and no other can be pressed")
	assert.True(t, evaluate[bool](b, `document.querySelector('#ar-preview') !== null && document.querySelector('[aria-busy=true]') === null`))
	s.succeeded()
	for _, dn := range d.People()[:12] {
		require.NoError(t, d.Delete(dn))
	}
	require.Equal(t, 12, s.succeeded().Held)
	b.open(prefix)
	assert.Contains(t, b.text(), "12 changes wait")
	b.shot("list-held")
	b.click(`.ar-badge`)
	b.awaitText("12 removals wait for you")
	b.do(chromedp.Click(chromedp.CSS(`[data-all]`), chromedp.NodeVisible))
	b.awaitText("12 marked")
	b.accessible("held-list")
	b.shot("held-list")
	b.do(chromedp.Click(chromedp.CSS(`[data-all]`), chromedp.NodeVisible))
	b.do(chromedp.Click(chromedp.CSS(`#ar-held-0-0`), chromedp.NodeVisible))
	b.click(`.ar-held button[value=dismiss]`)
	b.awaitText("Dismissed: these accounts stay")
	b.awaitText("11 removals wait for you")
	b.shot("held-decided")
	assert.True(t, evaluate[bool](b, `document.querySelector('.ar-held button[value=confirm]').disabled`), "nothing is marked")
	b.do(chromedp.Click(chromedp.CSS(`[data-all]`), chromedp.NodeVisible))
	b.click(`.ar-held button[value=confirm]`)
	b.awaitText("Confirmed: these accounts are removed")
	s.idle()
	assert.Equal(t, 11, s.status().Run.Disabled)
	assert.Empty(t, b.complaints())
}
