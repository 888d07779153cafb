//go:build integration

package integration_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An admin who knows the address of a domain controller and an account, and nothing else, has users replicated in ten
// clicks at most: from the dashboard, with and without script.
func TestBrowserTenClicks(t *testing.T) {
	for name, script := range map[string]bool{"with script": true, "without script": false} {
		t.Run(name, func(t *testing.T) {
			ad := newPeople(t)
			domain := mailDomain(t)
			ad.crowd(12, domain)
			reader := ad.account("Reader "+unique(), "reader-Secret-7")
			p := startPanel(t, nil, "reader-Secret-7")
			hosts := p.page("/domains").form(t, "/domains")
			p.submit(hosts.set("domain", domain))
			b := newBrowser(t, p.url)
			b.signIn()
			b.script(script)
			b.open("/")
			b.clicks = 0
			started := time.Now()

			b.click(`nav a[href="` + prefix + `"]`)
			if script {
				b.accessible("list-empty")
			}
			b.click(`button[value=samba]`)
			assert.Equal(t, domain, evaluate[string](b, `document.querySelector("[name=domain]").value`), "the only one is chosen")
			b.fill("host", ad.directory.Host)
			b.fill("bind_dn", reader)
			b.fill("bind_password", "reader-Secret-7")
			require.EqualValues(t, 422, b.click(`button[formaction$="/test"]`))
			assert.Contains(t, b.text(), "Integration test authority")
			b.shot("certificate")
			require.EqualValues(t, 422, b.click(`button[formaction$="/trust"]`))
			assert.Contains(t, b.text(), "the root of its directory is "+ad.directory.BaseDN)
			b.shot("proposal")
			require.EqualValues(t, 200, b.click(`button[name=use]`))
			assert.Contains(t, b.text(), "Connection succeeded")
			b.shot("sample")
			b.click(`button[name=then][value=replicate]`)
			spent, clicks := time.Since(started), b.clicks

			location := evaluate[string](b, "location.pathname")
			assert.Regexp(t, prefix+`/\d+/log`, location)
			s := &source{p: p, id: location[len(prefix)+1 : len(location)-len("/log")]}
			p.eventually("users are replicated", func() bool { r := s.status().Run; return r != nil && r.Finished != nil })
			run := s.status().Run
			assert.Equal(t, "succeeded 12", fmt.Sprint(run.Outcome, " ", run.Created), run.Error)
			assert.LessOrEqual(t, clicks, 10, "clicks")
			t.Logf("%d clicks, %s of a machine", clicks, spent.Round(time.Millisecond))
			assert.Less(t, spent, 2*time.Minute)
			assert.Empty(t, b.complaints())
		})
	}
}

// Whoever has no mouse gets everywhere: each control can be reached and is seen to have the focus, and Enter in a field
// saves rather than does anything else.
func TestBrowserKeyboard(t *testing.T) {
	p := demo(t)
	b := newBrowser(t, p.url)
	b.signIn()
	for _, path := range []string{prefix, prefix + "/1", prefix + "/1?tab=replication", prefix + "/1?tab=users"} {
		b.open(path)
		want := evaluate[int](b, `[...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary")]
			.filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({contentVisibilityAuto: true})).length`)
		reached := map[string]bool{}
		for range want + 2 {
			b.do(chromedp.KeyEvent("\t"))
			reached[evaluate[string](b, `(() => {
				const e = document.activeElement;
				if (e === document.body) return "";
				const style = getComputedStyle(e);
				if (style.outlineStyle === "none") return "no outline: " + e.outerHTML;
				return [...document.querySelectorAll("*")].indexOf(e) + "";
			})()`)] = true
		}
		delete(reached, "")
		assert.Len(t, reached, want, "%s: %v", path, reached)
		for what := range reached {
			assert.NotContains(t, what, "no outline")
		}
	}
	b.open(prefix + "/1?tab=replication")
	b.fill("interval", "45\r")
	b.awaitText("Saved.")
	address, err := url.Parse(evaluate[string](b, "location.href"))
	require.NoError(t, err)
	assert.Equal(t, "replication", address.Query().Get("tab"))
	assert.Equal(t, "45", evaluate[string](b, `document.querySelector("[name=interval]").value`))
}
